/**
 * The segments of a folder, oldest first, and their limit: who writes asks for room before, and the
 * oldest segments make it.
 */
import { type AsideFile, removeAside } from './aside.ts';
import type { Connection } from './duckdb.ts';
import { Segment } from './segment.ts';

/** Segments that share the limit: dropping one takes about a twelfth of what is held. */
const segmentsInLimit = 12;

/** Below this a segment would hold little more than DuckDB's own pages. */
export const minimumLimitBytes = 10_000_000;

const noSpace = /no space left|ENOSPC|disk quota/i;

export class Shelf {
  readonly directory: string;
  readonly limitBytes: number;
  /** Size at which a segment is full. */
  readonly segmentBytes: number;
  readonly segments: Segment[] = [];
  readonly aside: AsideFile[] = [];
  /** Entries dropped to make room. */
  expired = 0;
  readonly #admin: Connection;

  constructor(directory: string, limitBytes: number, admin: Connection) {
    this.directory = directory;
    this.limitBytes = limitBytes;
    this.segmentBytes = Math.floor(limitBytes / segmentsInLimit);
    this.#admin = admin;
  }

  /** Bytes on disk. */
  get bytes(): number {
    let sum = 0;
    for (const segment of this.segments) sum += segment.bytes;
    for (const file of this.aside) sum += file.bytes;
    return sum;
  }

  get entries(): number {
    let sum = 0;
    for (const segment of this.segments) sum += segment.entries;
    return sum;
  }

  get newest(): Segment | undefined {
    return this.segments.at(-1);
  }

  get nextNumber(): number {
    return (this.newest?.number ?? 0) + 1;
  }

  async addSegment(number: number): Promise<Segment> {
    const segment = await Segment.create(this.#admin, this.directory, number, this.segmentBytes);
    this.segments.push(segment);
    return segment;
  }

  async checkpoint(segment: Segment): Promise<void> {
    await this.#admin.run(`CHECKPOINT ${segment.schema}`);
    segment.measure();
  }

  /** Drops the oldest segments until `bytes` more fit below the limit. The newest stays. */
  async makeRoom(bytes: number): Promise<void> {
    while (this.bytes + bytes > this.limitBytes) {
      const file = this.aside.shift();
      if (file) {
        removeAside(file);
        continue;
      }
      if (this.segments.length < 2) return;
      await this.#dropOldest();
    }
  }

  /**
   * After a failed write: opens the newest segment again, which DuckDB may have given up. A full disk
   * counts as the limit: the oldest segment goes. Returns what is lost, in words, if anything.
   */
  async revive(error: Error): Promise<string | undefined> {
    if (noSpace.test(error.message) && this.segments.length > 1) await this.#dropOldest();
    const newest = this.newest;
    if (!newest) return undefined;
    try {
      await newest.reattach(this.#admin);
      return undefined;
    } catch (again) {
      this.segments.pop();
      return `Segment ${newest.number} cannot be read until the store is opened again: ${(again as Error).message}`;
    }
  }

  async #dropOldest(): Promise<void> {
    const oldest = this.segments.shift()!;
    this.expired += oldest.entries;
    await oldest.drop(this.#admin);
  }

  /** Drops every segment, and what was set aside. */
  async clear(): Promise<void> {
    for (const file of this.aside.splice(0)) removeAside(file);
    for (const segment of this.segments.splice(0)) await segment.drop(this.#admin);
  }

  async close(): Promise<void> {
    for (const segment of this.segments.splice(0)) {
      // What cannot be folded in now (a full disk) is in the log, and is read from there next time.
      await this.#admin.run(`CHECKPOINT ${segment.schema}`).catch(() => {});
      await segment.detach(this.#admin).catch(() => {});
    }
  }
}
