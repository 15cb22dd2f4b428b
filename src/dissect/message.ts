/** The one reused object in which parsers report a message. */
import { Incomplete, type Mark, type Message, Role, type Span } from './contract.ts';
import type { SharedText } from './shared-text.ts';

/** Room for redactions at first; it doubles. */
const firstRedactions = 64;
/** Redactions per message; more secrets than this make the rest, with all between them, one redaction. */
const maxRedactions = 8192;

/** Length of `[REDACTED]`. */
const redactedBytes = 10;

/** Room for texts that are not in the message. */
const maxMadeTextBytes = 4096;
/** Spans from here on lie in `madeTexts`. */
const madeFrom = 2 ** 30;

const encoder = new TextEncoder();
/** Shorter texts are written faster by hand. */
const shortText = 64;

/** Writes a text as UTF-8, as far as there is room; returns the bytes written. */
function putText(value: string, bytes: Uint8Array, at: number): number {
  const { length } = value;
  if (length <= shortText && at + length * 3 <= bytes.length) {
    const end = putShort(value, bytes, at);
    if (end >= 0) return end - at;
  }
  return encoder.encodeInto(value, bytes.subarray(at)).written;
}

/** The end of the text; -1 when it has characters outside the basic plane, which few texts have. */
function putShort(value: string, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x80) {
      bytes[at++] = code;
    } else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else if ((code & 0xf800) === 0xd800) {
      return -1;
    } else {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    }
  }
  return at;
}

function clear(span: Span): void {
  span.from = 0;
  span.to = 0;
}

export class ReportedMessage implements Message {
  source: Uint8Array | undefined = undefined;
  lead: Uint8Array | undefined = undefined;
  isAscii = false;
  mark: Mark | undefined = undefined;
  from = 0;
  to = 0;
  size = 0;
  hole = false;
  cut = false;
  unfinished = false;
  malformed = false;
  readonly method: Span = { from: 0, to: 0 };
  readonly target: Span = { from: 0, to: 0 };
  readonly host: Span = { from: 0, to: 0 };
  readonly contentType: Span = { from: 0, to: 0 };
  readonly traceId: Span = { from: 0, to: 0 };
  methodText: SharedText | undefined = undefined;
  targetText: SharedText | undefined = undefined;
  hostText: SharedText | undefined = undefined;
  status = 0;
  failed = false;
  version = 0;
  key = 0;
  role: Role = Role.BySide;
  protocol = 0;
  oneWay = false;
  note = 0;
  push = false;
  quiet = false;
  fold = false;
  /** Texts that are not in the message, one behind the other. */
  madeTexts: Uint8Array | undefined = undefined;
  madeBytes = 0;
  /** Pairs of offsets, `redactionCount` numbers in use. */
  redactions = new Int32Array(firstRedactions * 2);
  redactionCount = 0;

  reset(): void {
    this.source = undefined;
    this.lead = undefined;
    this.isAscii = false;
    this.mark = undefined;
    this.from = 0;
    this.to = 0;
    this.size = 0;
    this.hole = false;
    this.cut = false;
    this.unfinished = false;
    this.malformed = false;
    clear(this.method);
    clear(this.target);
    clear(this.host);
    clear(this.contentType);
    clear(this.traceId);
    this.methodText = undefined;
    this.targetText = undefined;
    this.hostText = undefined;
    this.status = 0;
    this.failed = false;
    this.version = 0;
    this.key = 0;
    this.role = Role.BySide;
    this.protocol = 0;
    this.oneWay = false;
    this.note = 0;
    this.push = false;
    this.quiet = false;
    this.fold = false;
    this.madeBytes = 0;
    this.redactionCount = 0;
  }

  text(span: Span, value: string): void {
    if (span === this.method) this.methodText = undefined;
    else if (span === this.target) this.targetText = undefined;
    else if (span === this.host) this.hostText = undefined;
    this.madeTexts ??= new Uint8Array(maxMadeTextBytes);
    const made = this.madeTexts;
    const written = putText(value, made, this.madeBytes);
    span.from = madeFrom + this.madeBytes;
    span.to = span.from + written;
    this.madeBytes += written;
  }

  redact(from: number, to: number): void {
    const count = this.redactionCount;
    if (count > 0 && (from < this.redactions[count - 1]! || count === maxRedactions * 2)) {
      this.redactions[count - 1] = Math.max(this.redactions[count - 1]!, to);
      return;
    }
    if (count === this.redactions.length) {
      const larger = new Int32Array(count * 2);
      larger.set(this.redactions);
      this.redactions = larger;
    }
    this.redactions[count] = from;
    this.redactions[count + 1] = to;
    this.redactionCount = count + 2;
  }

  /**
   * Where a text begins in what is kept, behind redactions, or -1 when it is not kept: it is empty, not
   * in the message, or at least in part redacted itself. Made texts are kept behind the message.
   */
  keptAt(span: Span): number {
    const { from } = span;
    if (span.to <= from) return -1;
    if (this.redactionCount > 0 || from >= madeFrom) return this.#keptBehind(span);
    return from < this.from || span.to > this.to ? -1 : from - this.from;
  }

  #keptBehind(span: Span): number {
    if (span.from >= madeFrom) return span.from - madeFrom + this.#keptLength();
    if (span.from < this.from || span.to > this.to) return -1;
    let at = span.from - this.from;
    for (let i = 0; i < this.redactionCount; i += 2) {
      const from = Math.max(this.redactions[i]!, this.from);
      const to = this.redactions[i + 1]!;
      if (from >= span.to) break;
      if (to > span.from) return -1;
      if (to > from) at += redactedBytes - (to - from);
    }
    return at;
  }

  /** Length of the message as it is kept. */
  #keptLength(): number {
    let length = this.to - this.from;
    let done = this.from;
    for (let i = 0; i < this.redactionCount; i += 2) {
      const from = Math.max(this.redactions[i]!, done);
      const to = Math.min(this.redactions[i + 1]!, this.to);
      if (to <= from) continue;
      length += redactedBytes - (to - from);
      done = to;
    }
    return length;
  }
}

/** `Incomplete` bits of one message, by the side that sent it. */
export function incompleteBits(message: ReportedMessage, ofRequest: boolean): number {
  return (
    (message.hole ? (ofRequest ? Incomplete.RequestHole : Incomplete.ResponseHole) : 0) |
    (message.cut ? (ofRequest ? Incomplete.RequestCut : Incomplete.ResponseCut) : 0) |
    (message.unfinished
      ? ofRequest
        ? Incomplete.RequestUnfinished
        : Incomplete.ResponseUnfinished
      : 0) |
    (message.malformed
      ? ofRequest
        ? Incomplete.RequestMalformed
        : Incomplete.ResponseMalformed
      : 0)
  );
}
