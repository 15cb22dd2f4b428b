/**
 * Bounds of a search → SQL, and the windows of time that segments divide it into.
 *
 * Segments are nearly in order of time, but an exchange that took long lies in a later one. A window
 * reaches from where one segment ends to where the next does: all segments that overlap it are asked
 * together, mostly one or two, and the windows one after the other are in order.
 */
import { type EntryId, parseId } from '../entry/id.ts';
import type { PageRequest } from './contract.ts';
import type { Segment } from './segment.ts';

/** Bounds of a search; ids are exclusive, times in ms. */
export interface Bounds {
  before?: EntryId;
  after?: EntryId;
  readonly since?: number;
  readonly until?: number;
}

export type Direction = 'newest' | 'oldest';

/** `idTime` in microseconds, `[low, high)`. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

export function boundsOf(request: PageRequest): Bounds {
  const before = request.before === undefined ? undefined : parseId(request.before);
  const after = request.after === undefined ? undefined : parseId(request.after);
  return {
    ...(before ? { before } : {}),
    ...(after ? { after } : {}),
    ...(request.since === undefined ? {} : { since: request.since }),
    ...(request.until === undefined ? {} : { until: request.until }),
  };
}

/** The windows that cover the segments, in the order in which a search visits them. */
export function windowsOf(segments: readonly Segment[], direction: Direction): Window[] {
  if (direction === 'newest') {
    const ends = [...new Set(segments.map((segment) => segment.maxTime))].sort((a, b) => b - a);
    return ends.map((_, i) => ({
      low: i + 1 < ends.length ? ends[i + 1]! + 1 : 0,
      high: i === 0 ? Number.POSITIVE_INFINITY : ends[i]! + 1,
    }));
  }
  const starts = [...new Set(segments.map((segment) => segment.minTime))].sort((a, b) => a - b);
  return starts.map((start, i) => ({
    low: i === 0 ? 0 : start,
    high: starts[i + 1] ?? Number.POSITIVE_INFINITY,
  }));
}

/** Neighbouring windows as one. */
export function joined(windows: readonly Window[]): Window {
  return {
    low: Math.min(...windows.map((window) => window.low)),
    high: Math.max(...windows.map((window) => window.high)),
  };
}

/** What two windows share; empty when `low >= high`. */
export function shared(one: Window, other: Window): Window {
  return { low: Math.max(one.low, other.low), high: Math.min(one.high, other.high) };
}

export function windowSql({ low, high }: Window): string {
  const from = `"idTime" >= ${BigInt(low)}`;
  return Number.isFinite(high) ? `${from} AND "idTime" < ${BigInt(high)}` : from;
}

/** Milliseconds → the whole microseconds at or after it. */
function microseconds(milliseconds: number): bigint {
  const whole = Math.ceil(milliseconds * 1000);
  return BigInt(Math.min(Math.max(whole || 0, 0), Number.MAX_SAFE_INTEGER));
}

/** Ids on one side of an id; the first comparison alone lets DuckDB leave out what is far away. */
export function beyondSql(id: EntryId, sign: '<' | '>', including: boolean): string {
  const time = BigInt(id.idTime);
  const sequence = BigInt(id.idSequence);
  return `"idTime" ${sign}= ${time} AND ("idTime" ${sign} ${time} OR "idSequence" ${sign}${including ? '=' : ''} ${sequence})`;
}

/** The bounds as a condition. */
export function boundsSql({ before, after, since, until }: Bounds): string {
  const parts: string[] = [];
  if (before) parts.push(beyondSql(before, '<', false));
  if (after) parts.push(beyondSql(after, '>', false));
  if (since !== undefined) parts.push(`"idTime" >= ${microseconds(since)}`);
  if (until !== undefined) parts.push(`"idTime" < ${microseconds(until)}`);
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** Whether a segment can hold entries within the bounds. */
export function overlaps({ before, after, since, until }: Bounds): (segment: Segment) => boolean {
  const low = Math.max(after?.idTime ?? 0, (since ?? 0) * 1000);
  const high = Math.min(
    before?.idTime ?? Number.POSITIVE_INFINITY,
    (until ?? Number.POSITIVE_INFINITY) * 1000,
  );
  return (segment) => segment.maxTime >= low && segment.minTime <= high;
}
