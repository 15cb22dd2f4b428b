/**
 * Messages within a body, read while it comes: events of `text/event-stream`, messages of a stream. The
 * protocols that carry bodies (HTTP/1, HTTP/2) ask `bodyReaderFor` when the head of a message is known and
 * hand on the body; the reader reports what it finds through `Output.child`.
 */
import type { Message, Output, Side } from '../../dissect/contract.ts';
import { callReader } from '../grpc/skim.ts';
import { isEventStream, newEventReader } from '../sse/reader.ts';
import { callPathOf, isRefined } from './refined.ts';

/** Reads one body. Never throws; what it remembers is bounded. */
export interface BodyReader {
  /**
   * The next bytes of the body, without the chunked coding, `from < to`. They are good until the call
   * returns. The first unread byte of the window is `bytes[from]` (for `Output.mark`).
   */
  data(bytes: Uint8Array, from: number, to: number): void;
  /** So many bytes of the body will never come; -1: nobody knows how many. */
  hole(length: number): void;
  /** Nothing more will come. `complete`: the body has ended, it was not broken off. */
  end(complete: boolean): void;
  /**
   * Sets status and failure of its message when the body itself tells them, now or at the end. `head`: lines of
   * the headers in HTTP/1, which may tell them as well.
   */
  conclude?(message: Message, head?: Uint8Array): void;
}

/**
 * The reader for a body of the media type `bytes[from, to)`, or undefined for those that are kept as a
 * whole. `key`: `Message.key` of the exchange (0 where answers come in order). `note`: of its request, see
 * `refine.ts`. The exchange must have been begun before the first bytes are handed on.
 */
export function bodyReaderFor(
  out: Output,
  side: Side,
  key: number,
  note: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): BodyReader | undefined {
  if (side === 'server' && isEventStream(bytes, from, to)) return newEventReader(out, key, note);
  return isRefined(note) ? callReader(out, key, callPathOf(note), bytes, from, to) : undefined;
}

/** Length of `text/event-stream`. */
const eventStreamLength = 17;
/** Length of `application/grpc-web`, from which on messages may be in the body. */
const grpcWebLength = 20;

/** Whether a media type of this length may have a reader: spares the others the question. */
export function mayHaveReader(length: number): boolean {
  return length === eventStreamLength || length >= grpcWebLength;
}
