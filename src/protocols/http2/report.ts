/** Messages that were put together → what the driver is told. */
import { type Message, type Output, type ParserStream, Role } from '../../dissect/contract.ts';
import { bodyReaderFor } from '../http/body-reader.ts';
import { Block, held, maxHeldBytes } from './payload.ts';
import { giveMessage, type Http2Message, type Http2State, type Place } from './stream.ts';

export type Stream = ParserStream<Http2State>;

/** Version of HTTP/2 in a row. */
export const http2Version = 20;
/** Status from which a call has failed. */
const firstFailure = 400;

function span(target: { from: number; to: number }, place: Place): void {
  target.from = place.at;
  target.to = place.at + place.length;
}

function fill(out: Output, part: Http2Message, from: number, to: number): Message {
  const { message } = out;
  message.reset();
  message.source = part.composer.bytes;
  message.mark = part.mark;
  message.from = from;
  message.to = to;
  message.size = part.wireBytes;
  message.key = part.id;
  message.version = http2Version;
  span(message.method, part.method);
  span(message.target, part.path);
  span(message.host, part.authority);
  span(message.contentType, part.contentType);
  span(message.traceId, part.trace);
  message.status = part.status;
  // Any but 0: a reset asks whether a request waits.
  message.note = 1;
  message.failed = part.status >= firstFailure;
  message.hole = part.hole;
  message.cut = part.cut;
  message.malformed = part.malformed;
  // Secrets were never written; this only flags the row.
  if (part.redacted) message.redact(0, 0);
  return message;
}

/** The head is there: an entry at once. */
export function beginMessage({ out }: Stream, part: Http2Message, role: Role): void {
  fill(out, part, 0, part.composer.used).role = role;
  part.begun = true;
  out.begin();
}

/** Nothing more will come of this message; it is forgotten. */
export function completeMessage(
  stream: Stream,
  part: Http2Message,
  role: Role,
  unfinished: boolean,
): void {
  const { out, state } = stream;
  if (part.inner !== undefined) {
    part.inner.end(!unfinished);
    part.inner = undefined;
  }
  part.composer.close();
  part.composer.figures(part.figures);
  const message = fill(out, part, 0, part.composer.used);
  message.role = role;
  message.push = stream.side === 'server' && role === Role.Request;
  message.unfinished = unfinished;
  message.failed ||= unfinished && part.figures[8]! > 0;
  if (part.begun) out.finish(part.wireBytes);
  else if (isAnswerToUpgrade(stream, part)) out.child();
  else out.whole();
  for (const { messages } of [state, stream.peer]) {
    if (messages.get(part.id) === part) messages.delete(part.id);
  }
  giveMessage(part);
}

/** Stream 1 after an upgrade: its request is the exchange that upgraded. */
function isAnswerToUpgrade({ side, state }: Stream, part: Http2Message): boolean {
  return side === 'server' && state.upgraded && part.id === 1;
}

/** The head is there: what reads its body needs its exchange begun. */
export function openBody(stream: Stream, part: Http2Message): void {
  const { out, side } = stream;
  const { at, length } = part.contentType;
  if (length === 0) return;
  const note = side === 'server' ? out.noteOf(part.id) : 0;
  const { bytes } = part.composer;
  part.inner = bodyReaderFor(out, side, part.id, note, bytes, at, at + length);
  if (part.inner !== undefined && !part.begun && mayBegin(stream, part)) {
    beginMessage(stream, part, Role.BySide);
  }
}

/** A message whose head may be reported before it is complete. */
export function mayBegin(stream: Stream, part: Http2Message): boolean {
  return !isAnswerToUpgrade(stream, part);
}

/** Body bytes as they come. */
export function takeBody(
  out: Output,
  part: Http2Message,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  const length = to - from;
  part.bodyBytes += length;
  part.inner?.data(bytes, from, to);
  const room = Math.min(out.bodyLimit - part.keptBytes, maxHeldBytes - held.bytes);
  const kept = Math.max(0, Math.min(length, room));
  if (kept < length) part.cut = true;
  if (kept === 0) return;
  if (!part.composer.isOpen) {
    part.composer.open(Block.Body);
    if (part.bodyAt === 0) part.bodyAt = part.composer.used;
  }
  part.composer.put(bytes, from, from + kept);
  part.keptBytes += kept;
  held.bytes += kept;
}
