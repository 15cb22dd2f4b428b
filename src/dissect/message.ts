/** The one reused object in which parsers report a message. */
import type { Message, Span } from './contract.ts';

/** Room for redactions at first; it doubles. */
const firstRedactions = 64;
/** Redactions per message; more secrets than this make the rest, with all between them, one redaction. */
const maxRedactions = 8192;

/** Length of `[REDACTED]`. */
const redactedBytes = 10;

function clear(span: Span): void {
  span.from = 0;
  span.to = 0;
}

export class ReportedMessage implements Message {
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
  status = 0;
  failed = false;
  version = 0;
  key = 0;
  oneWay = false;
  note = 0;
  push = false;
  /** Pairs of offsets, `redactionCount` numbers in use. */
  redactions = new Int32Array(firstRedactions * 2);
  redactionCount = 0;

  reset(): void {
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
    this.status = 0;
    this.failed = false;
    this.version = 0;
    this.key = 0;
    this.oneWay = false;
    this.note = 0;
    this.push = false;
    this.redactionCount = 0;
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
   * in the message, or at least in part redacted itself.
   */
  keptAt(span: Span): number {
    if (span.to <= span.from || span.from < this.from || span.to > this.to) return -1;
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
}
