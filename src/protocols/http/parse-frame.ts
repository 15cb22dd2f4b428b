/** Which head stands at the window's start, and where the body behind it ends (RFC 9112, section 6.3). */
import type { Message, Output, ParserStream, Window } from '../../dissect/contract.ts';
import { cr, lf } from './parse-bytes.ts';
import { Coding, head, scanFields } from './parse-head.ts';
import { incomplete, notHttp, scanRequestLine, scanStatusLine } from './parse-line.ts';
import { beforeRequest, beforeResponse } from './parse-seen-lines.ts';
import { type HttpState, Note } from './parse-state.ts';

/** Longest head, interim responses included; of a longer one the beginning is kept. */
export const maxHeadBytes = 65_536;

/** Lengths of bodies that are not numbers. */
export const Body = {
  Chunked: -1,
  ToClose: -2,
  /** Undecided until more bytes are here: see `startsAnotherResponse`. */
  Undecided: -3,
} as const;

/**
 * Scans the head in the first `length` bytes of the window into the message. Returns the head's
 * length, `incomplete` or `notHttp`; `head.lineStart` says how far whole lines reach.
 */
export function scanHead(window: Window, stream: ParserStream<HttpState>, length: number): number {
  const { out, state } = stream;
  out.message.reset();
  head.reset();
  return stream.side === 'client'
    ? scanRequest(window.bytes, window.start, window.start + length, state, out)
    : scanResponse(window.bytes, window.start, window.start + length, state, out);
}

/** A request's head in `bytes[start, end)`: its length, `incomplete` or `notHttp`. */
export function scanRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
  state: HttpState,
  out: Output,
): number {
  const { message } = out;
  head.lineStart = start;
  const fields = scanRequestLine(bytes, start, end, start, message, state.first);
  if (fields < 0) return fields;
  if (message.version === 9) return fields - start;
  const behind = scanFields(bytes, fields, end, start, message, out.redacting, beforeRequest);
  return behind < 0 ? incomplete : behind - start;
}

/** Interim responses belong to the final one: its message starts at the first of them. */
export function scanResponse(
  bytes: Uint8Array,
  start: number,
  end: number,
  state: HttpState,
  out: Output,
): number {
  const { message } = out;
  let from = start + state.headStart;
  for (;;) {
    while (from > start && from < end && (bytes[from] === cr || bytes[from] === lf)) from++;
    head.lineStart = from;
    const fields = scanStatusLine(bytes, from, end, message);
    const behind =
      fields < 0
        ? fields
        : scanFields(bytes, fields, end, start, message, out.redacting, beforeResponse);
    if (behind < 0) {
      state.headStart = from - start;
      return behind === notHttp && from > start
        ? endOfInterim(bytes, start, from, state, out)
        : behind;
    }
    if (isInterim(message.status)) {
      from = behind;
      head.reset();
      message.contentType.to = message.contentType.from;
    } else if (state.headStart > 0) {
      // The heads before were scanned by an earlier call: once more, for their secrets.
      state.headStart = 0;
      from = start;
      message.reset();
      head.reset();
    } else return behind - start;
  }
}

/** What follows an interim response is no response: the interim one is all there is. */
function endOfInterim(
  bytes: Uint8Array,
  start: number,
  end: number,
  state: HttpState,
  out: Output,
): number {
  state.headStart = 0;
  out.message.reset();
  scanResponse(bytes, start, end, state, out);
  out.message.malformed = true;
  head.contentLength = 0;
  return end - start;
}

function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101;
}

/** Length of the request's body, or a value of `Body`. Sets the message's note. */
export function requestBody(window: Window, message: Message): number {
  message.note = noteOf(window, message);
  if (head.coding === Coding.None) return Math.max(head.contentLength, 0);
  // A request cannot last until its side closes: it could not be answered.
  if (head.coding === Coding.Other) {
    message.malformed = true;
    return Math.max(head.contentLength, 0);
  }
  if (head.contentLength >= 0 || message.version < 11) message.malformed = true;
  return Body.Chunked;
}

function noteOf(window: Window, message: Message): number {
  const at = window.start + message.method.from;
  const { bytes } = window;
  const length = message.method.to - message.method.from;
  if (length === 4 && bytes[at] === 72 && bytes[at + 1] === 69 && bytes[at + 2] === 65) {
    return bytes[at + 3] === 68 ? Note.Head : Note.Ordinary;
  }
  if (length === 7 && bytes[at] === 67 && bytes[at + 3] === 78 && bytes[at + 6] === 84) {
    return Note.Connect;
  }
  if (head.hasUpgrade) return Note.Upgrade;
  return message.version === 9 ? Note.Simple : Note.Ordinary;
}

/** Length of the response's body, or a value of `Body`. `note`: of its request. */
export function responseBody(
  window: Window,
  message: Message,
  headEnd: number,
  note: number,
): number {
  const { status } = message;
  message.failed = status >= 400;
  if (note === Note.Head || (status >= 100 && status < 200) || status === 204 || status === 304) {
    return 0;
  }
  if (note === Note.Connect && status >= 200 && status < 300) return 0;
  if (head.coding === Coding.Chunked) {
    if (head.contentLength >= 0 || message.version < 11) message.malformed = true;
    return Body.Chunked;
  }
  const toClose = head.coding === Coding.Other || head.contentLength < 0;
  if (!toClose && (note !== Note.None || head.contentLength < 12)) return head.contentLength;
  const another = startsAnotherResponse(window, headEnd);
  if (another < 0) return Body.Undecided;
  if (another > 0) return 0;
  return toClose ? Body.ToClose : head.contentLength;
}

/**
 * Whether the bytes behind the head are the next response, so that this one has no body although its
 * head announces one: the answer to a HEAD that was not seen, or of a server that forgot the length.
 * -1: more bytes are needed to tell.
 */
function startsAnotherResponse(window: Window, headEnd: number): number {
  const { bytes } = window;
  const pattern = 'HTTP/1.# ###';
  for (let i = 0; i < pattern.length; i++) {
    const at = window.start + headEnd + i;
    if (at >= window.end) return -1;
    const byte = bytes[at]!;
    const fits = pattern[i] === '#' ? byte >= 48 && byte <= 57 : byte === pattern.charCodeAt(i);
    if (!fits) return 0;
  }
  return 1;
}
