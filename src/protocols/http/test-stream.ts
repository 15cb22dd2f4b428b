/**
 * For tests: a minimal stand-in for the driver. One side's bytes go in, in any pieces and with holes;
 * what the parser reports comes out as plain objects.
 */
import { type Message, type Output, type Side, Step, type Window } from '../../dissect/contract.ts';
import { ReportedMessage } from '../../dissect/message.ts';
import { httpParser } from './index.ts';
import type { HttpState } from './parse-state.ts';

/** A window over memory of its own, refilled from scratch at each call so that no view survives. */
class TestWindow implements Window {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  ended = false;
  skipping = 0;
  get length(): number {
    return this.end - this.start;
  }
  u8(at: number): number {
    return this.bytes[this.start + at]!;
  }
  u16(at: number): number {
    return (this.u8(at) << 8) | this.u8(at + 1);
  }
  i32(at: number): number {
    return (this.u16(at) << 16) | this.u16(at + 2);
  }
  u32(at: number): number {
    return this.i32(at) >>> 0;
  }
  indexOf(byte: number, from: number): number {
    return this.bytes.subarray(this.start, this.end).indexOf(byte, from);
  }
  latin1(from: number, to: number): string {
    return Buffer.from(this.view(from, to)).toString('latin1');
  }
  view(from: number, to: number): Uint8Array {
    return this.bytes.subarray(this.start + from, this.start + to);
  }
  consume(n: number): void {
    if (n < 0 || n > this.length) throw new Error(`consume(${n}) of ${this.length}`);
    this.start += n;
  }
  skip(n: number): void {
    const here = Math.min(n, this.length);
    this.start += here;
    this.skipping += n - here;
  }
  /** Appends, in new memory with other bytes around: what lies outside the window must not matter. */
  append(added: Uint8Array): void {
    const old = this.bytes.subarray(this.start, this.end);
    const next = new Uint8Array(old.length + added.length + 20).fill(0x41);
    next.set(old, 10);
    next.set(added, 10 + old.length);
    this.bytes.fill(0x5a);
    this.bytes = next;
    this.start = 10;
    this.end = 10 + old.length + added.length;
  }
}

export interface SeenMessage {
  kept: string;
  size: number;
  method: string;
  target: string;
  host: string;
  contentType: string;
  traceId: string;
  status: number;
  version: number;
  note: number;
  hole: boolean;
  cut: boolean;
  unfinished: boolean;
  malformed: boolean;
  failed: boolean;
  /** Values that were to be redacted. */
  redacted: string[];
  /** `finish` was called, or the message was whole. */
  complete: boolean;
}

export interface TestOptions {
  readonly bodyLimit?: number;
  readonly redacting?: boolean;
  /** Notes of the requests in order, for the server's side. */
  readonly notes?: number[];
}

/** One side of a connection. */
export class TestStream implements Output {
  readonly message: Message & { redactions: Int32Array; redactionCount: number } =
    new ReportedMessage();
  readonly seen: SeenMessage[] = [];
  readonly handedOver: (string | undefined)[] = [];
  readonly window = new TestWindow();
  readonly bodyLimit: number;
  readonly redacting: boolean;
  readonly side: Side;
  readonly state: HttpState;
  readonly peer: HttpState;
  readonly out: Output = this;
  stopped = false;
  /** Bytes that made no sense. */
  dropped = 0;
  #need = 0;
  #lost = false;
  #notes: number[];
  #open: SeenMessage | undefined;

  constructor(side: Side, options: TestOptions = {}) {
    this.side = side;
    this.bodyLimit = options.bodyLimit ?? 1 << 20;
    this.redacting = options.redacting ?? true;
    this.#notes = [...(options.notes ?? [])];
    this.state = httpParser.newState(side, false, true);
    this.peer = httpParser.newState(side, false, true);
  }

  #record(complete: boolean): SeenMessage {
    const { message, window } = this;
    const { from, to } = message;
    if (from !== 0 || to < from || to > window.length) throw new Error(`bad span ${from} ${to}`);
    const text = (a: number, b: number) => {
      if (a > b || (b > a && (a < from || b > to))) throw new Error(`text outside ${a} ${b} ${to}`);
      return window.latin1(a, b);
    };
    const redacted: string[] = [];
    for (let i = 0; i < message.redactionCount; i += 2) {
      const at = message.redactions[i]!;
      if (i > 0 && at < message.redactions[i - 1]!) throw new Error('redactions out of order');
      if (message.redactions[i + 1]! <= to) redacted.push(text(at, message.redactions[i + 1]!));
      else if (at < to) throw new Error('a redaction crosses the end');
    }
    const seen = {
      kept: text(from, to),
      size: message.size || to - from,
      method: text(message.method.from, message.method.to),
      target: text(message.target.from, message.target.to),
      host: text(message.host.from, message.host.to),
      contentType: text(message.contentType.from, message.contentType.to),
      traceId: text(message.traceId.from, message.traceId.to),
      status: message.status,
      version: message.version,
      note: message.note,
      hole: message.hole,
      cut: message.cut,
      unfinished: message.unfinished,
      malformed: message.malformed,
      failed: message.failed,
      redacted,
      complete,
    };
    this.seen.push(seen);
    return seen;
  }

  whole(): void {
    if (this.#open !== undefined) throw new Error('whole within a begun message');
    this.#record(true);
    this.#notes.shift();
  }
  begin(): void {
    if (this.#open !== undefined) throw new Error('begin within a begun message');
    this.#open = this.#record(false);
  }
  finish(size: number): void {
    const open = this.#open;
    if (open === undefined) throw new Error('finish without begin');
    open.size = size;
    open.hole ||= this.message.hole;
    open.cut ||= this.message.cut;
    open.unfinished ||= this.message.unfinished;
    open.malformed ||= this.message.malformed;
    open.complete = true;
    this.#open = undefined;
    this.#notes.shift();
  }
  oldestNote(): number {
    return this.#notes[0] ?? 0;
  }
  child(): void {
    throw new Error('HTTP reports no messages within messages');
  }
  reserve(): void {
    throw new Error('HTTP reports no messages within messages');
  }
  mark(): void {}
  settle(): boolean {
    return false;
  }
  noteOf(): number {
    return 0;
  }
  handOver(protocol: string | undefined): void {
    this.handedOver.push(protocol);
    this.stopped = true;
  }

  feed(bytes: Uint8Array): void {
    if (this.stopped) return;
    this.window.append(bytes);
    this.#run();
  }

  #run(): void {
    const { window } = this;
    let idle = 0;
    while (window.length > 0 && !this.stopped) {
      if (this.#lost && !this.#resync()) return;
      if (window.length < this.#need) return;
      this.#need = 0;
      const before = window.length;
      const step = httpParser.parse(window, this as never);
      if (step > 0) {
        if (step <= window.length) throw new Error(`asked for ${step} of ${window.length}`);
        this.#need = step;
        return;
      }
      if (step === Step.Stop) this.stopped = true;
      if (step === Step.Lost) this.#lost = true;
      idle = window.length === before ? idle + 1 : 0;
      if (idle > 3) throw new Error('no progress');
    }
  }

  #resync(): boolean {
    const { window } = this;
    const at = httpParser.resync(window, this as never);
    this.#need = 0;
    if (at >= 0) {
      this.#lost = false;
      this.dropped += at;
      window.consume(at);
      return true;
    }
    const drop = Math.max(0, window.length - httpParser.resyncTail);
    this.dropped += drop;
    window.consume(drop);
    return false;
  }

  hole(length: number): void {
    if (this.stopped) return;
    const known = !this.#lost && httpParser.hole(this.window, this as never, length);
    if (known) {
      if (this.window.length > 0) throw new Error('a counted hole leaves bytes behind');
    } else {
      this.window.consume(this.window.length);
      this.#lost = true;
    }
    this.#need = 0;
  }

  end(): void {
    if (this.stopped) return;
    this.window.ended = true;
    this.#need = 0;
    this.#run();
    if (!this.#lost && !this.stopped) httpParser.end(this.window, this as never);
    if (this.#open !== undefined) throw new Error('a begun message was not finished');
  }
}

/** Cuts a text of latin1 characters into bytes. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** Feeds one side's bytes in pieces of these lengths (the last one repeats) and ends it. */
export function run(
  side: Side,
  text: string | Uint8Array,
  options: TestOptions = {},
  pieces: readonly number[] = [Number.MAX_SAFE_INTEGER],
): TestStream {
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  const stream = new TestStream(side, options);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = Math.max(1, pieces[Math.min(i, pieces.length - 1)]!);
    stream.feed(bytes.subarray(at, at + length));
    at += length;
  }
  stream.end();
  return stream;
}
