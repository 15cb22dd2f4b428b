/**
 * The entry: what a user sees as one line, and the unit of store, filter and export. Field names
 * follow the original Mizu so that its queries keep working.
 */

import { Incomplete, type Payload, type ValueMap } from '../dissect/contract.ts';
import type { IdentityKind, NameOrigin } from '../resolve/contract.ts';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** What the address is called: service, pod or host name; empty when unknown. */
  readonly name: string;
  /** What lies behind the address, when that is known; `external` names come from the traffic. */
  readonly kind?: IdentityKind;
  readonly pod?: string;
  readonly service?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly node?: string;
  readonly process?: string;
  /** Where an `external` name comes from. */
  readonly origin?: NameOrigin;
}

/** What a list row shows; made from columns alone, without looking at the payload. */
export interface EntryRow {
  readonly id: string;
  readonly protocol: { readonly name: string; readonly version: string; readonly abbr: string };
  readonly capture: string;
  /** Milliseconds since 1970, fractional. */
  readonly timestamp: number;
  /** Milliseconds, fractional; null while there is no response. */
  readonly elapsedTime: number | null;
  readonly src: Endpoint;
  readonly dst: Endpoint;
  /** What the client asked for, when a service stood in front of `dst`. */
  readonly front?: { readonly ip: string; readonly port: number };
  /** Of the destination, else of the source. */
  readonly namespace: string;
  /** The node that saw the call first. */
  readonly node: string;
  /** Every node that saw it, `node` first; missing outside a cluster. */
  readonly seenOn?: readonly string[];
  /** How often it was seen: on several interfaces, on several nodes. */
  readonly sightings: number;
  readonly outgoing: boolean;
  readonly method: string;
  /** What the call is about: path, topic, key. */
  readonly target: string;
  readonly host: string;
  readonly contentType: string;
  readonly traceId: string;
  readonly status: number;
  /** `pending`, `ok`, `failed`, `no response`, `no request` */
  readonly outcome: string;
  readonly requestSize: number;
  readonly responseSize: number;
  /** Why the exchange is not whole, in words; empty when it is. */
  readonly incomplete: readonly string[];
  /** Names the connection. */
  readonly stream: string;
  /** Id of the entry that this one belongs to (the call of a message), or empty. */
  readonly parent: string;
  readonly demo: boolean;
  readonly timing: {
    /** First to last byte of the request, ms. */
    readonly request: number;
    /** First byte of the request to first byte of the response, ms. */
    readonly wait: number | null;
  };
  /** Numbers of the packets with the first bytes, 0 for none. */
  readonly packets: { readonly request: number; readonly response: number };
}

/** The whole entry, as `--output jsonl` writes it and queries see it. */
export interface Entry extends EntryRow {
  readonly request: ValueMap | undefined;
  readonly response: ValueMap | undefined;
}

/** A row with what is needed to decode it. */
export interface StoredEntry {
  readonly row: EntryRow;
  readonly protocolCode: number;
  readonly payload: Payload;
}

const reasons: readonly (readonly [number, string])[] = [
  [Incomplete.RequestHole, 'bytes of the request were lost by the capture'],
  [Incomplete.ResponseHole, 'bytes of the response were lost by the capture'],
  [Incomplete.NoResponse, 'no response was seen'],
  [Incomplete.NoRequest, 'the request was not seen'],
  [Incomplete.RequestCut, 'the request body is longer than the limit'],
  [Incomplete.ResponseCut, 'the response body is longer than the limit'],
  [Incomplete.RequestUnfinished, 'the connection ended within the request'],
  [Incomplete.ResponseUnfinished, 'the connection ended within the response'],
  [Incomplete.RequestMalformed, 'the request breaks its specification'],
  [Incomplete.ResponseMalformed, 'the response breaks its specification'],
  [Incomplete.Shed, 'memory ran short, the body was left out'],
  [Incomplete.TapperGone, 'the tapper that saw the request has ended, nobody would see an answer'],
  [Incomplete.Overdue, 'it was given up after waiting too long'],
];

const breaks = {
  request: [Incomplete.RequestHole, Incomplete.RequestUnfinished],
  response: [Incomplete.ResponseHole, Incomplete.ResponseUnfinished],
} as const;

/** Why a side is shown only up to somewhere, to be said there; undefined when that is its end. */
export function breakOf(bits: number, side: 'request' | 'response'): string | undefined {
  const [hole, unfinished] = breaks[side];
  if ((bits & hole) !== 0) return 'Here bytes were lost by the capture.';
  if ((bits & unfinished) !== 0) return 'Here the connection ended, in the middle of the message.';
  return undefined;
}

/** `Incomplete` bits in words. */
export function incompleteReasons(bits: number): string[] {
  return reasons.filter(([bit]) => (bits & bit) !== 0).map(([, text]) => text);
}
