/** Takes what parsers report, pairs it, and has rows written. One per pipeline. */
import { Outcome } from '../ship/columns.ts';
import { Incomplete, type Output, type Span } from './contract.ts';
import type { Conversation, Speaker } from './conversation.ts';
import type { Exchange, Part } from './exchange.ts';
import { ReportedMessage } from './message.ts';
import { awaitAnswer, finalOutcome, partner } from './pairing.ts';
import { incompleteBits, type RowWriter } from './row-writer.ts';

/** Answers kept for requests that are still being sent; more are not such answers. */
const maxEarly = 64;

export class Reporter implements Output {
  readonly message = new ReportedMessage();
  bodyLimit: number;
  /** Bodies are being left out since memory or time is short: `bodyLimit` is 0 for that reason. */
  shedding = false;
  /** Messages whose body was left out for that reason. */
  shedBodies = 0;
  readonly redacting: boolean;
  /** Set by a parser's `handOver`; the driver acts on it after `parse` returns. */
  handedOver = false;
  handedTo: string | undefined;
  readonly #rows: RowWriter;
  #conversation: Conversation | undefined;
  #speaker: Speaker | undefined;
  #now = 0;

  constructor(rows: RowWriter, bodyLimit: number, redacting: boolean) {
    this.#rows = rows;
    this.bodyLimit = bodyLimit;
    this.redacting = redacting;
  }

  /** Whose messages are reported next, and the time of the packet being read. */
  aim(conversation: Conversation, speaker: Speaker, now: number): void {
    this.#conversation = conversation;
    this.#speaker = speaker;
    this.#now = now;
  }

  whole(): void {
    if (this.#speaker!.side === 'client') this.#request(true);
    else this.#response(true);
  }

  begin(): void {
    if (this.#speaker!.side === 'client') this.#request(false);
    else this.#response(false);
  }

  finish(size: number): void {
    const speaker = this.#speaker!;
    const exchange = speaker.open;
    if (exchange === undefined) return;
    speaker.open = undefined;
    const fromClient = speaker.side === 'client';
    const part = fromClient ? exchange.request : exchange.response;
    part.size = size;
    part.endTime = this.#now;
    part.complete = true;
    exchange.incomplete |= incompleteBits(this.message, fromClient);
    if (exchange.response.complete && (exchange.request.complete || !exchange.request.seen)) {
      this.#rows.finish(exchange, finalOutcome(exchange));
    }
  }

  /** Bytes of the message begun by this speaker were lost inside what is not kept anyway. */
  holeInOpenMessage(speaker: Speaker): void {
    if (speaker.open === undefined) return;
    speaker.open.incomplete |=
      speaker.side === 'client' ? Incomplete.RequestHole : Incomplete.ResponseHole;
  }

  oldestNote(): number {
    const oldest = this.#conversation!.waiting.oldest();
    return oldest === undefined || oldest.barrier ? 0 : oldest.note;
  }

  handOver(protocol: string | undefined): void {
    this.handedOver = true;
    this.handedTo = protocol;
  }

  #request(complete: boolean): void {
    const conversation = this.#conversation!;
    const speaker = this.#speaker!;
    const { message } = this;
    const early = conversation.early.length > 0 ? conversation.takeEarly() : undefined;
    const exchange = early ?? this.#rows.open(speaker.window.startTime());
    exchange.connection = conversation;
    this.#fillRequest(exchange, complete);
    const { bytes, start } = speaker.window;
    if (early === undefined) this.#rows.keep(exchange.request, message, bytes, start);
    else this.#rows.keepLast(exchange, exchange.request, message, bytes, start);
    if (!complete) {
      this.#rows.save(exchange.request);
      speaker.open = exchange;
    }
    if (early !== undefined) {
      if (complete) this.#rows.finish(exchange, finalOutcome(exchange));
    } else if (message.oneWay || conversation.protocol!.pairing === 'none') {
      if (complete) this.#rows.finish(exchange, message.failed ? Outcome.Failed : Outcome.Ok);
    } else {
      awaitAnswer(conversation, exchange, this.#rows, this.#now);
    }
  }

  #response(complete: boolean): void {
    const conversation = this.#conversation!;
    const speaker = this.#speaker!;
    const { message } = this;
    const alone = message.push || conversation.protocol!.pairing === 'none';
    const found = alone ? undefined : partner(conversation, message.key);
    const exchange = found ?? this.#rows.open(speaker.window.startTime());
    exchange.connection = conversation;
    this.#fillResponse(exchange, complete);
    const { bytes, start } = speaker.window;
    this.#rows.keepLast(exchange, exchange.response, message, bytes, start);
    if (found === undefined && !alone && complete && this.#requestIsComing(conversation)) {
      this.#rows.save(exchange.response);
      conversation.early = [...conversation.early, exchange];
      return;
    }
    if (found === undefined && !alone) exchange.incomplete |= Incomplete.NoRequest;
    if (!complete) {
      this.#rows.save(exchange.response);
      speaker.open = exchange;
    } else if (alone) {
      this.#rows.finish(exchange, message.failed ? Outcome.Failed : Outcome.Ok);
    } else if (exchange.request.complete || found === undefined) {
      this.#rows.finish(exchange, finalOutcome(exchange));
    } else {
      this.#rows.save(exchange.response);
    }
  }

  /** `Incomplete` bits of a message that is new: a body left out is counted once. */
  #incomplete(fromClient: boolean): number {
    const bits = incompleteBits(this.message, fromClient);
    if (!this.shedding || !this.message.cut) return bits;
    this.shedBodies++;
    return bits | Incomplete.Shed;
  }

  /** The client is in the middle of a request that has not been reported: this answers it. */
  #requestIsComing(conversation: Conversation): boolean {
    if (conversation.waiting.length > 0 || conversation.early.length >= maxEarly) return false;
    const client = conversation.speaker('client');
    return (
      client.stream !== undefined &&
      client.open === undefined &&
      conversation.protocol!.parser.inMessage(client.window, client.stream.state)
    );
  }

  #fillPart(part: Part, complete: boolean): void {
    const { message } = this;
    const { window } = this.#speaker!;
    part.size = message.size || message.to - message.from;
    part.startTime = window.startTime();
    part.packet = window.startPacket();
    part.endTime = this.#now;
    part.complete = complete;
    const { contentType } = message;
    part.contentTypeFrom = message.keptAt(contentType);
    part.contentTypeLength = lengthOf(contentType, part.contentTypeFrom);
  }

  #fillRequest(exchange: Exchange, complete: boolean): void {
    const { message } = this;
    this.#fillPart(exchange.request, complete);
    exchange.methodFrom = message.keptAt(message.method);
    exchange.methodLength = lengthOf(message.method, exchange.methodFrom);
    exchange.targetFrom = message.keptAt(message.target);
    exchange.targetLength = lengthOf(message.target, exchange.targetFrom);
    exchange.hostFrom = message.keptAt(message.host);
    exchange.hostLength = lengthOf(message.host, exchange.hostFrom);
    exchange.traceFrom = message.keptAt(message.traceId);
    exchange.traceLength = lengthOf(message.traceId, exchange.traceFrom);
    exchange.version = message.version;
    exchange.note = message.note;
    exchange.key = message.key;
    exchange.incomplete |= this.#incomplete(true);
  }

  #fillResponse(exchange: Exchange, complete: boolean): void {
    const { message } = this;
    this.#fillPart(exchange.response, complete);
    exchange.status = message.status;
    exchange.failed = message.failed;
    if (!exchange.request.seen) exchange.version = message.version;
    exchange.incomplete |= this.#incomplete(false);
  }
}

/** Length of a text that is kept at `at`; one that is not kept has none. */
function lengthOf(span: Span, at: number): number {
  return at < 0 ? 0 : span.to - span.from;
}
