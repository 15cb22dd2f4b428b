/**
 * Header fields (RFC 9112, section 5), in one pass over the bytes:
 *
 *   field-name ":" OWS field-value OWS CRLF   ...   CRLF
 *
 * A line is compared with those in `parse-seen-lines.ts`; where it differs its value is passed to the end
 * of the line. Only the few values that frame the message or fill the row are looked at. A line that is folded, has a bare
 * line feed or stray bytes is taken as well; what the specification forbids marks the message.
 */
import type { Message } from '../../dissect/contract.ts';
import {
  behindEmptyLine,
  colon,
  comma,
  cr,
  equalsIgnoringCase,
  isBlank,
  lf,
  semicolon,
  space,
  tab,
  zero,
} from './parse-bytes.ts';
import { Field, invalid, sensitive } from './parse-names.ts';
import {
  actionOf,
  lineLengthOf,
  lookUp,
  match,
  matchExpected,
  nameLengthOf,
  noteDifference,
  numberOf,
  valueFromOf,
  valueToOf,
  viewOf,
} from './parse-seen-lines.ts';

/** What Transfer-Encoding says about the end of the body. */
export const Coding = { None: 0, Chunked: 1, Other: 2 } as const;

/** What the last scan found beside the message's own fields. One object, overwritten by each scan. */
class Head {
  /** -1: not given, or not a number. */
  contentLength = -1;
  /** `Coding`. */
  coding = 0;
  /** Value of the Upgrade header, absolute indexes; equal when there is none. */
  upgradeFrom = 0;
  upgradeTo = 0;
  hasUpgrade = false;
  /** The request says that it is a call of Connect. */
  isConnect = false;
  /** Where the first line starts that is not here whole; absolute. */
  lineStart = 0;

  reset(): void {
    this.contentLength = -1;
    this.coding = Coding.None;
    this.upgradeFrom = 0;
    this.upgradeTo = 0;
    this.hasUpgrade = false;
    this.isConnect = false;
  }
}
export const head = new Head();

const maxSafeLength = Number.MAX_SAFE_INTEGER / 2;

/**
 * Scans fields from `from` to the empty line. Returns the index behind it, or -1 when it has not
 * arrived; `head.lineStart` then says how far whole lines reach. Offsets in `message` count from `base`.
 * `before`: what the names come after, see `parse-seen-lines.ts`.
 */
export function scanFields(
  bytes: Uint8Array,
  from: number,
  end: number,
  base: number,
  message: Message,
  redacting: boolean,
  before: number,
): number {
  const view = viewOf(bytes);
  let i = from;
  let lineStart = from;
  let previous = before;
  while (i < end) {
    lineStart = i;
    if (bytes[i]! <= cr) {
      const behind = behindEmptyLine(bytes, i, end);
      if (behind > 0) return behind;
      if (behind < 0) break;
    }
    const known = matchExpected(previous, view, i, end);
    if (known && match.whole && isLineEnd(bytes, i + lineLengthOf(match.slot), end)) {
      previous = match.slot;
      readKnown(previous, bytes, i, base, message, redacting);
      i += lineLengthOf(previous);
      continue;
    }
    let colonAt = i + nameLengthOf(match.slot) - 1;
    if (known) {
      previous = match.slot;
      i += match.same;
    } else {
      colonAt = endOfName(bytes, i, end);
      if (colonAt < 0) break;
      previous = lookUp(previous, before, bytes, i, colonAt);
      i = bytes[colonAt] === colon ? colonAt + 1 : colonAt;
    }
    const valueFrom = bytes[colonAt] === colon ? colonAt + 1 : colonAt;
    while (i < end && bytes[i]! >= space) i++;
    i = endOfLine(bytes, i, end, message);
    if (i < 0) break;
    noteDifference(previous, bytes, lineStart, i);
    const action = actionOf(previous);
    if (action !== Field.None) readField(action, bytes, valueFrom, i, base, message, redacting);
    i++;
  }
  head.lineStart = lineStart;
  return -1;
}

/**
 * Index of the line feed that ends the value whose first control is at `from`, or -1. A line ends for
 * certain only when the byte behind it is known: it may be folded.
 */
function endOfLine(bytes: Uint8Array, from: number, end: number, message: Message): number {
  if (from + 2 < end && bytes[from] === cr && bytes[from + 1] === lf) {
    const next = bytes[from + 2];
    if (next !== space && next !== tab) return from + 1;
  }
  return endOfOddLine(bytes, from, end, message);
}

function endOfOddLine(bytes: Uint8Array, from: number, end: number, message: Message): number {
  let i = from;
  for (;;) {
    while (i < end && bytes[i]! >= space) i++;
    if (i + 1 >= end) return -1;
    if (bytes[i] === cr && bytes[i + 1] === lf) {
      i++;
      if (i + 1 === end) return -1;
    }
    if (bytes[i] === lf && bytes[i + 1] !== space && bytes[i + 1] !== tab) return i;
    if (bytes[i] !== tab) message.malformed = true;
    i++;
  }
}

/** Index of the colon behind a name, of the line's end when there is none, or -1. */
function endOfName(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && bytes[i] !== lf && (bytes[i] !== colon || i === from)) i++;
  return i === end ? -1 : i;
}

/** Whether the line before `at` is over for certain: the byte there is known and does not fold it. */
function isLineEnd(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && bytes[at] !== space && bytes[at] !== tab;
}

/** Takes the value of a line at `at` that is remembered whole. */
function readKnown(
  slot: number,
  bytes: Uint8Array,
  at: number,
  base: number,
  message: Message,
  redacting: boolean,
): void {
  const action = actionOf(slot);
  if (action === Field.None) return;
  const from = at - base + valueFromOf(slot);
  const to = at - base + valueToOf(slot);
  if (action === sensitive) {
    if (redacting && to > from) message.redact(from, to);
  } else if (action === Field.ContentLength && head.contentLength < 0 && numberOf(slot) >= 0) {
    head.contentLength = numberOf(slot);
  } else if (action === Field.ContentType && message.contentType.to <= message.contentType.from) {
    message.contentType.from = from;
    message.contentType.to = to;
  } else if (action === Field.Host && message.host.to <= message.host.from) {
    message.host.from = from;
    message.host.to = to;
  } else {
    const lineFeed = at + lineLengthOf(slot) - 1;
    readField(action, bytes, at + nameLengthOf(slot), lineFeed, base, message, redacting);
  }
}

function readField(
  action: number,
  bytes: Uint8Array,
  valueFrom: number,
  valueTo: number,
  base: number,
  message: Message,
  redacting: boolean,
): void {
  let from = valueFrom;
  let to = valueTo;
  if ((action & invalid) !== 0) message.malformed = true;
  while (from < to && bytes[from]! <= space && isBlank(bytes[from]!)) from++;
  while (to > from && bytes[to - 1]! <= space && isBlank(bytes[to - 1]!)) to--;
  switch (action & ~invalid) {
    case Field.ContentLength:
      readContentLength(bytes, from, to, message);
      return;
    case Field.TransferEncoding:
      readTransferEncoding(bytes, from, to, message);
      return;
    case Field.ContentType:
      if (message.contentType.to > message.contentType.from) return;
      message.contentType.from = from - base;
      message.contentType.to = endOfWord(bytes, from, to, semicolon) - base;
      return;
    case Field.Host:
      if (message.host.to > message.host.from) return;
      message.host.from = from - base;
      message.host.to = to - base;
      return;
    case Field.Upgrade:
      head.hasUpgrade = true;
      head.upgradeFrom = from;
      head.upgradeTo = endOfWord(bytes, from, to, comma);
      return;
    case Field.ConnectVersion:
      head.isConnect = true;
      return;
    default:
      if ((action & sensitive) === 0) readTraceId(action, bytes, from, to, base, message);
      else if (redacting && to > from) message.redact(from - base, to - base);
  }
}

/** End of the text before `separator`, a blank or control, or the end of the value. */
function endOfWord(bytes: Uint8Array, from: number, to: number, separator: number): number {
  let i = from;
  while (i < to && bytes[i]! > space && bytes[i] !== separator) i++;
  return i;
}

/**
 * The first of several lengths counts: of the readings in use it is the one under which the messages
 * behind stay in step in the captures seen. Differing ones mark the message; equal ones are allowed
 * (RFC 9110, 8.6).
 */
function readContentLength(bytes: Uint8Array, from: number, to: number, message: Message): void {
  let i = from;
  do {
    while (i < to && (isBlank(bytes[i]!) || bytes[i] === comma)) i++;
    const digits = i;
    let value = 0;
    for (; i < to; i++) {
      const digit = bytes[i]! - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    while (i < to && isBlank(bytes[i]!)) i++;
    if (i === digits || value > maxSafeLength) {
      message.malformed = true;
      return;
    }
    if (head.contentLength < 0) head.contentLength = value;
    else if (head.contentLength !== value) message.malformed = true;
  } while (i < to && bytes[i] === comma);
  if (i < to) message.malformed = true;
}

/** A list, possibly over several headers, with empty elements; what counts is its last coding. */
function readTransferEncoding(bytes: Uint8Array, from: number, to: number, message: Message): void {
  let i = from;
  while (i < to) {
    while (i < to && (isBlank(bytes[i]!) || bytes[i] === comma)) i++;
    const word = i;
    while (i < to && bytes[i] !== comma) i++;
    if (i === word) break;
    const wordEnd = endOfWord(bytes, word, i, semicolon);
    if (equalsIgnoringCase(bytes, word, wordEnd, 'identity')) continue;
    if (head.coding === Coding.Chunked) message.malformed = true;
    const chunked = equalsIgnoringCase(bytes, word, wordEnd, 'chunked');
    head.coding = chunked ? Coding.Chunked : Coding.Other;
  }
}

/** The id of the trace within each of the headers in use; `traceparent` wins over the others. */
function readTraceId(
  action: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  base: number,
  message: Message,
): void {
  const span = message.traceId;
  if (action === Field.TraceParent) {
    // version "-" trace-id "-" parent-id "-" flags (W3C Trace Context)
    if (to - from < 35 || bytes[from + 2] !== 45) return;
    span.from = from + 3 - base;
    span.to = span.from + 32;
    return;
  }
  if (span.to > span.from || from === to) return;
  const separator = action === Field.UberTraceId ? colon : 45;
  let idEnd = endOfWord(bytes, from, to, separator);
  // `b3: 0` says "not sampled" and names no trace; the id of Jaeger may have its colons quoted.
  for (let i = from; i < idEnd; i++) if (bytes[i] === 37) idEnd = i;
  if (idEnd - from < 8) return;
  span.from = from - base;
  span.to = idEnd - base;
}
