/** The one reused object in which parsers report a message. */
import type { Message, Span } from './contract.ts';

/** Redactions per message; more secrets than this in one head make the rest one redaction. */
const maxRedactions = 64;

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
  readonly redactions = new Int32Array(maxRedactions * 2);
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
    if (this.redactionCount < this.redactions.length) {
      this.redactions[this.redactionCount++] = from;
      this.redactions[this.redactionCount++] = to;
    } else {
      this.redactions[this.redactionCount - 1] = to;
    }
  }
}
