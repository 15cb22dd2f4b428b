/**
 * Joins requests with their answers. After a loss the rule is: rather no answer than somebody else's.
 *
 * Bytes of the two ends come in the order of cause (see `StreamSink`), so a client that waits for each
 * answer is always paired right, whatever is lost. A client that pipelines is not: what was lost may
 * have held any number of messages. There a *barrier* in the waiting list marks the place behind which
 * the order is not known, until both ends have been quiet for a while.
 */
import { Outcome } from '../ship/columns.ts';
import { Incomplete, type Side } from './contract.ts';
import { type Conversation, maxOpenMessages, type Speaker } from './conversation.ts';
import { Exchange } from './exchange.ts';
import { MostlyOne } from './mostly-one.ts';
import type { RowWriter } from './row-writer.ts';
import { maxLive, maxWaiting } from './waiting.ts';

/** Quiet time of packet time, ms, after which the answers to lost requests are no longer expected. */
const quietMs = 1000;

const barrier = new Exchange();
barrier.barrier = true;

/** The request is complete or begun: it now waits for its answer. */
export function awaitAnswer(
  conversation: Conversation,
  exchange: Exchange,
  rows: RowWriter,
  now: number,
): void {
  const { waiting } = conversation;
  if (waiting.length > 0 && conversation.protocol?.pairing === 'order') {
    const quiet = now - conversation.lastTime > quietMs;
    if (waiting.newest()!.barrier) {
      if (!conversation.pipelined || quiet) dropBarriers(conversation);
    } else if (conversation.lossIsOpen && !conversation.pipelined) {
      // It does pipeline, so what was lost may still be answered: the request behind it may not wait alone.
      const first = waiting.shift()!;
      waiting.push(barrier);
      waiting.push(first);
    }
    // What was asked behind a loss has had its answer by now, or was lost as well.
    if (quiet && waiting.oldest()?.barrier === true) giveUpAll(conversation, rows, 0);
    if (waiting.length > 0) conversation.pipelined = true;
  }
  waiting.push(exchange);
  if (waiting.length <= maxWaiting) return;
  const mayPipeline = conversation.protocol?.pairing === 'order';
  if (!mayPipeline || rows.live > maxLive) giveUpOldest(conversation, rows);
}

/** Too many wait. The answer to the oldest, which is owed, is kept from being taken for another's. */
function giveUpOldest(conversation: Conversation, rows: RowWriter): void {
  const { waiting } = conversation;
  const oldest = waiting.shift()!;
  if (oldest.barrier) {
    giveUpAll(conversation, rows, 0);
    waiting.push(barrier);
    return;
  }
  giveUp(conversation, oldest, rows, 0);
  if (conversation.protocol?.pairing === 'order') conversation.owed++;
}

/** Barriers at the end of the list, with nothing in front of them that still waits. */
function dropBarriers(conversation: Conversation): void {
  while (conversation.waiting.oldest()?.barrier === true) conversation.waiting.shift();
}

/** A message of this speaker has begun. */
export function addOpen(
  conversation: Conversation,
  speaker: Speaker,
  exchange: Exchange,
  isRequest: boolean,
  rows: RowWriter,
): void {
  if (conversation.protocol?.pairing !== 'key') {
    speaker.open = exchange;
    return;
  }
  const open = openMap(conversation, isRequest);
  const before = open.get(exchange.key) ?? oldestAbove(open);
  if (before !== undefined && before !== exchange) abandon(conversation, before, rows);
  open.set(exchange.key, exchange);
}

function openMap(conversation: Conversation, isRequest: boolean): MostlyOne<Exchange> {
  if (isRequest) {
    conversation.openRequests ??= new MostlyOne();
    return conversation.openRequests;
  }
  conversation.openResponses ??= new MostlyOne();
  return conversation.openResponses;
}

function oldestAbove(open: MostlyOne<Exchange>): Exchange | undefined {
  return open.size < maxOpenMessages ? undefined : open.oldest();
}

/** The exchange that a message within it belongs to. */
export function openOf(
  conversation: Conversation,
  speaker: Speaker,
  key: number,
): Exchange | undefined {
  if (conversation.protocol?.pairing !== 'key') return speaker.open;
  return (
    conversation.openResponses?.get(key) ??
    conversation.openRequests?.get(key) ??
    conversation.reserved?.get(key) ??
    conversation.waiting.find(key)
  );
}

/** The exchange whose request (or answer) is on its way, which it now is no more. */
export function takeOpen(
  conversation: Conversation,
  speaker: Speaker,
  key: number,
  isRequest: boolean,
): Exchange | undefined {
  if (conversation.protocol?.pairing !== 'key') {
    const { open } = speaker;
    speaker.open = undefined;
    return open;
  }
  const map = isRequest ? conversation.openRequests : conversation.openResponses;
  const open = map?.get(key);
  if (open !== undefined) map!.delete(key);
  return open;
}

/** An exchange that will not go on becomes an entry as it is. */
export function abandon(conversation: Conversation, exchange: Exchange, rows: RowWriter): void {
  conversation.waiting.remove(exchange);
  for (const map of [conversation.openRequests, conversation.openResponses]) {
    if (map?.get(exchange.key) === exchange) map.delete(exchange.key);
  }
  if (!exchange.live) return;
  const { request, response } = exchange;
  if (request.seen && !request.complete) exchange.incomplete |= Incomplete.RequestUnfinished;
  if (!response.seen) {
    if (!exchange.alone) exchange.incomplete |= Incomplete.NoResponse;
  } else if (!response.complete) exchange.incomplete |= Incomplete.ResponseUnfinished;
  rows.finish(exchange, finalOutcome(exchange));
}

/** The exchange that an answer completes, or undefined. */
export function partner(conversation: Conversation, key: number): Exchange | undefined {
  const { waiting, protocol } = conversation;
  if (protocol?.pairing === 'key') return waiting.take(key);
  conversation.lossIsOpen = false;
  if (conversation.owed > 0) {
    conversation.owed--;
    return undefined;
  }
  const oldest = waiting.oldest();
  if (oldest === undefined || oldest.barrier) return undefined;
  return waiting.shift();
}

/** Bytes of one side are lost, and nobody knows how many messages were in them. */
export function losePlace(conversation: Conversation, side: Side, rows: RowWriter): void {
  if (conversation.protocol?.pairing !== 'order') return;
  const { waiting } = conversation;
  if (side === 'client') {
    if (waiting.newest()?.barrier !== true) waiting.push(barrier);
    conversation.lossIsOpen = true;
    return;
  }
  conversation.lossIsOpen = false;
  giveUpAll(conversation, rows, Incomplete.ResponseHole);
  if (conversation.pipelined) waiting.push(barrier);
}

/** No request that waits now will be answered. */
export function giveUpAll(conversation: Conversation, rows: RowWriter, why: number): void {
  conversation.owed = 0;
  for (;;) {
    const exchange = conversation.waiting.shift();
    if (exchange === undefined) return;
    if (!exchange.barrier) giveUp(conversation, exchange, rows, why);
  }
}

function giveUp(
  conversation: Conversation,
  exchange: Exchange,
  rows: RowWriter,
  why: number,
): void {
  const client = conversation.speaker('client');
  if (client.open === exchange) {
    client.open = undefined;
    exchange.incomplete |= Incomplete.RequestUnfinished;
  }
  if (conversation.openRequests?.get(exchange.key) === exchange) {
    conversation.openRequests.delete(exchange.key);
    exchange.incomplete |= Incomplete.RequestUnfinished;
  }
  exchange.incomplete |= Incomplete.NoResponse | why;
  rows.finish(exchange, Outcome.NoResponse);
}

/** The connection is over: everything unfinished becomes an entry as it is. */
export function settleAll(conversation: Conversation, rows: RowWriter): void {
  for (const exchange of conversation.reserved?.values() ?? []) rows.drop(exchange);
  conversation.reserved = undefined;
  const server = conversation.speaker('server');
  const client = conversation.speaker('client');
  for (const map of [conversation.openResponses, conversation.openRequests]) {
    if (map === undefined) continue;
    for (const exchange of map.values()) abandon(conversation, exchange, rows);
  }
  if (server.open !== undefined) {
    const exchange = server.open;
    server.open = undefined;
    if (client.open === exchange) client.open = undefined;
    exchange.incomplete |= Incomplete.ResponseUnfinished;
    rows.finish(exchange, finalOutcome(exchange));
  }
  const halfSent = client.open;
  giveUpAll(conversation, rows, 0);
  if (halfSent?.live && client.open === halfSent) {
    client.open = undefined;
    halfSent.incomplete |= Incomplete.RequestUnfinished;
    rows.finish(halfSent, finalOutcome(halfSent));
  }
  while (conversation.early.length > 0) {
    const exchange = conversation.takeEarly()!;
    exchange.incomplete |= Incomplete.NoRequest;
    rows.finish(exchange, Outcome.NoRequest);
  }
}

export function finalOutcome(exchange: Exchange): Outcome {
  if (exchange.alone) return exchange.failed ? Outcome.Failed : Outcome.Ok;
  if (!exchange.request.seen) return Outcome.NoRequest;
  if (!exchange.response.seen) return Outcome.NoResponse;
  return exchange.failed ? Outcome.Failed : Outcome.Ok;
}
