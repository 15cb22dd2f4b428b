/** Takes what parsers report, pairs it, and has rows written. One per pipeline. */
import { Outcome } from '../ship/columns.ts';
import { Incomplete, type Mark, type Output, Role } from './contract.ts';
import type { Conversation, Speaker } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import { fillPart, fillTexts } from './fill.ts';
import { incompleteBits, ReportedMessage } from './message.ts';
import { MostlyOne } from './mostly-one.ts';
import {
  abandon,
  addOpen,
  awaitAnswer,
  finalOutcome,
  openOf,
  partner,
  takeOpen,
} from './pairing.ts';
import type { RowWriter } from './row-writer.ts';

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
  /** Id of the exchange answered last: the parent of what a hand-over leads to. */
  #answeredTime = 0;
  #answeredSequence = 0;

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

  mark(mark: Mark): void {
    const { window } = this.#speaker!;
    mark.timeMs = window.startTime();
    mark.packet = window.startPacket();
    mark.sequence = window.startSequence();
  }

  whole(): void {
    if (this.#isRequest()) this.#request(true);
    else this.#response(true);
  }

  begin(): void {
    if (this.#isRequest()) this.#request(false);
    else this.#response(false);
  }

  reserve(key: number, mark: Mark): void {
    const conversation = this.#conversation!;
    conversation.reserved ??= new MostlyOne();
    if (conversation.reserved.get(key) !== undefined) return;
    conversation.reserved.set(key, this.#rows.open(mark.timeMs));
  }

  finish(size: number): void {
    const { message } = this;
    const isRequest = this.#isRequest();
    const exchange = takeOpen(this.#conversation!, this.#speaker!, message.key, isRequest);
    if (exchange === undefined) return;
    const part = isRequest ? exchange.request : exchange.response;
    if (message.to > message.from) this.#replace(exchange, isRequest);
    if (!isRequest && message.status !== 0) exchange.status = message.status;
    if (message.failed) exchange.failed = true;
    if (message.protocol !== 0) exchange.protocolCode = message.protocol;
    if (isRequest && message.note !== 0) exchange.note = message.note;
    part.size = size;
    part.endTime = this.#now;
    part.complete = true;
    exchange.incomplete |= incompleteBits(message, isRequest);
    const { request, response } = exchange;
    if (exchange.alone || (response.complete && (request.complete || !request.seen))) {
      this.#rows.finish(exchange, finalOutcome(exchange));
    }
  }

  child(): void {
    const speaker = this.#speaker!;
    const conversation = this.#conversation!;
    const { message } = this;
    const parent = openOf(conversation, speaker, message.key);
    const exchange = this.#rows.openSingle(message.mark?.timeMs ?? speaker.window.startTime());
    exchange.parentTime = parent?.idTime ?? conversation.parentTime;
    exchange.parentSequence = parent?.idSequence ?? conversation.parentSequence;
    exchange.connection = conversation;
    const fromClient = this.#isRequest();
    if (fromClient) this.#fillRequest(exchange, true);
    else this.#fillResponse(exchange, true);
    exchange.status = message.status;
    const part = fromClient ? exchange.request : exchange.response;
    this.#keep(exchange, part);
    this.#rows.finishSingle(message.failed ? Outcome.Failed : Outcome.Ok);
  }

  settle(): boolean {
    const conversation = this.#conversation!;
    const { message } = this;
    const exchange = openOf(conversation, this.#speaker!, message.key);
    if (exchange === undefined) return false;
    if (message.status !== 0) exchange.status = message.status;
    if (message.failed) exchange.failed = true;
    abandon(conversation, exchange, this.#rows);
    return true;
  }

  /** Bytes of the messages begun by this speaker were lost inside what is not kept anyway. */
  holeInOpenMessage(speaker: Speaker): void {
    const hole = speaker.side === 'client' ? Incomplete.RequestHole : Incomplete.ResponseHole;
    if (speaker.open !== undefined) speaker.open.incomplete |= hole;
    const conversation = this.#conversation;
    const fromClient = speaker.side === 'client';
    // Which of the messages on their way lost bytes is not known: all of this end may have.
    for (const [map, hasHole] of [
      [conversation?.openRequests, fromClient],
      [conversation?.openResponses, !fromClient],
    ] as const) {
      if (map === undefined) continue;
      for (const exchange of map.values()) {
        if (exchange.reversed !== hasHole) exchange.incomplete |= hole;
      }
    }
  }

  oldestNote(): number {
    const { owed, waiting } = this.#conversation!;
    const oldest = owed > 0 ? undefined : waiting.oldest();
    return oldest === undefined || oldest.barrier ? 0 : oldest.note;
  }

  noteOf(key: number): number {
    const conversation = this.#conversation!;
    const exchange = conversation.waiting.find(key) ?? conversation.openRequests?.get(key);
    return exchange?.note ?? 0;
  }

  handOver(protocol: string | undefined): void {
    this.handedOver = true;
    this.handedTo = protocol;
    this.#conversation!.parentTime = this.#answeredTime;
    this.#conversation!.parentSequence = this.#answeredSequence;
  }

  #isRequest(): boolean {
    const { role } = this.message;
    return role === Role.BySide ? this.#speaker!.side === 'client' : role === Role.Request;
  }

  #request(complete: boolean): void {
    const conversation = this.#conversation!;
    const speaker = this.#speaker!;
    const { message } = this;
    const early = conversation.early.length > 0 ? conversation.takeEarly() : undefined;
    const exchange = early ?? this.#open(conversation, speaker);
    exchange.connection = conversation;
    exchange.reversed = message.role === Role.Request && speaker.side === 'server' && !message.push;
    this.#fillRequest(exchange, complete);
    if (early === undefined) this.#keepFirst(exchange);
    else this.#keep(exchange, exchange.request);
    if (message.quiet && complete) this.#rows.hide(exchange);
    if (!complete) {
      this.#rows.hold(exchange, exchange.request);
      addOpen(conversation, speaker, exchange, true, this.#rows);
    }
    if (early !== undefined) {
      if (complete) this.#rows.finish(exchange, finalOutcome(exchange));
    } else if (message.oneWay || conversation.protocol!.pairing === 'none') {
      exchange.alone = true;
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
    if (message.fold && complete && found?.quiet) {
      this.#rows.drop(found);
      return;
    }
    const exchange = found ?? this.#open(conversation, speaker);
    exchange.connection = conversation;
    if (found === undefined) {
      exchange.reversed = message.role === Role.Response && speaker.side === 'client';
    }
    this.#answeredTime = exchange.idTime;
    this.#answeredSequence = exchange.idSequence;
    this.#fillResponse(exchange, complete);
    this.#keep(exchange, exchange.response);
    if (found === undefined && !alone && complete && this.#requestIsComing(conversation)) {
      this.#rows.hold(exchange, exchange.response);
      conversation.early = [...conversation.early, exchange];
      return;
    }
    exchange.alone = alone;
    if (found === undefined && !alone) exchange.incomplete |= Incomplete.NoRequest;
    if (!complete) {
      this.#rows.hold(exchange, exchange.response);
      this.#rows.renew(exchange);
      addOpen(conversation, speaker, exchange, false, this.#rows);
    } else if (alone) {
      this.#rows.finish(exchange, message.failed ? Outcome.Failed : Outcome.Ok);
    } else if (exchange.request.complete || found === undefined) {
      this.#rows.finish(exchange, finalOutcome(exchange));
    } else {
      this.#rows.hold(exchange, exchange.response);
    }
  }

  /** A new exchange, or the one that was reserved for the message. */
  #open(conversation: Conversation, speaker: Speaker): Exchange {
    const { key, mark } = this.message;
    const reserved = conversation.reserved?.get(key);
    if (reserved === undefined) {
      return this.#rows.open(mark === undefined ? speaker.window.startTime() : mark.timeMs);
    }
    conversation.reserved!.delete(key);
    return reserved;
  }

  /** The first part of an exchange: its bytes go into the batch. */
  #keepFirst(exchange: Exchange): void {
    const { message } = this;
    const { bytes, start } = this.#speaker!.window;
    const { source } = message;
    if (source === undefined) this.#rows.keep(exchange.request, message, bytes, start);
    else this.#rows.keep(exchange.request, message, source, 0);
  }

  /** A part with which the row may be written at once. */
  #keep(exchange: Exchange, part: Exchange['request']): void {
    const { message } = this;
    const { bytes, start } = this.#speaker!.window;
    const { source } = message;
    if (source === undefined) this.#rows.keepLast(exchange, part, message, bytes, start);
    else this.#rows.keepLast(exchange, part, message, source, 0);
  }

  /** What was kept when the message began gives way to the whole of it. */
  #replace(exchange: Exchange, isRequest: boolean): void {
    const { message } = this;
    const part = isRequest ? exchange.request : exchange.response;
    if (isRequest || !exchange.request.seen) fillTexts(exchange, message);
    fillPart(part, message);
    // Its saved bytes are not needed any more: nothing of them is brought into the batch.
    part.length = 0;
    part.extra = 0;
    part.saved = undefined;
    this.#keep(exchange, part);
    this.#rows.hold(exchange, part);
  }

  /** `Incomplete` bits of a message that is new: a body left out is counted once. */
  #incomplete(ofRequest: boolean): number {
    const bits = incompleteBits(this.message, ofRequest);
    if (!this.shedding || !this.message.cut) return bits;
    this.shedBodies++;
    return bits | Incomplete.Shed;
  }

  /** The client is in the middle of a request that has not been reported: this answers it. */
  #requestIsComing(conversation: Conversation): boolean {
    if (conversation.waiting.length > 0 || conversation.early.length >= maxEarly) return false;
    if (conversation.protocol!.pairing !== 'order') return false;
    const client = conversation.speaker('client');
    return (
      client.stream !== undefined &&
      client.open === undefined &&
      !client.waits &&
      conversation.protocol!.parser!.inMessage(client.window, client.stream.state)
    );
  }

  #fillPart(part: Exchange['request'], complete: boolean): void {
    const { message } = this;
    const { window } = this.#speaker!;
    part.size = message.size || message.to - message.from;
    const { mark } = message;
    part.startTime = mark === undefined ? window.startTime() : mark.timeMs;
    part.packet = mark === undefined ? window.startPacket() : mark.packet;
    part.sequence = mark === undefined ? window.startSequence() : mark.sequence;
    part.endTime = this.#now;
    part.complete = complete;
    fillPart(part, message);
  }

  #fillRequest(exchange: Exchange, complete: boolean): void {
    const { message } = this;
    this.#fillPart(exchange.request, complete);
    fillTexts(exchange, message);
    exchange.version = message.version;
    exchange.note = message.note;
    exchange.key = message.key;
    exchange.protocolCode = message.protocol;
    // A server's request may say what has failed: a message that it returns, a channel that it closes.
    if (message.status !== 0) exchange.status = message.status;
    if (message.failed) exchange.failed = true;
    exchange.incomplete |= this.#incomplete(true);
  }

  #fillResponse(exchange: Exchange, complete: boolean): void {
    const { message } = this;
    this.#fillPart(exchange.response, complete);
    exchange.status = message.status;
    exchange.failed = message.failed;
    if (message.protocol !== 0) exchange.protocolCode = message.protocol;
    if (!exchange.request.seen) {
      exchange.version = message.version;
      exchange.key = message.key;
      fillTexts(exchange, message);
    }
    exchange.incomplete |= this.#incomplete(false);
  }
}
