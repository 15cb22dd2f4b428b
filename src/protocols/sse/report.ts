/** An event → the message that the driver is told of. */
import type { Message } from '../../dissect/contract.ts';
import { graphQlAnswerFails } from '../graphql/skim.ts';
import { readEvent } from './lines.ts';

/** Codes of an event, and of one that answers a subscription of GraphQL. */
export const eventCode = 6;
export const graphQlEventCode = 12;

/** Characters of data in a row. */
const shownLength = 256;
/** Data that is looked at for errors. */
const maxLookedAt = 65_536;

/**
 * False for what is no event to anybody: comments alone, with which servers keep a connection open. The
 * row: name of the event, and the beginning of its data, else its id. An event called `error` has failed.
 * `ofGraphQl`: the stream answers GraphQL; one that serves several operations is asked for by a request that
 * does not say so, and its results do.
 */
export function fillEvent(
  message: Message,
  bytes: Uint8Array,
  from: number,
  to: number,
  ofGraphQl: boolean,
): boolean {
  const event = readEvent(bytes, from, to, shownLength);
  const isGraphQl = ofGraphQl || (event.event === 'next' && namedResult.test(event.data ?? ''));
  if (event.data === undefined && event.event === '' && event.id === undefined) {
    if (event.retry === undefined) return false;
    event.event = 'retry';
  }
  message.source = bytes;
  message.from = from;
  message.to = to;
  message.protocol = isGraphQl ? graphQlEventCode : eventCode;
  message.text(message.method, event.event.slice(0, shownLength) || 'message');
  const shown = event.data ?? event.id ?? String(event.retry ?? '');
  message.text(message.target, shown.slice(0, shownLength).replaceAll('\n', ' '));
  message.failed = event.event === 'error';
  if (isGraphQl && event.event === 'next') {
    message.failed = dataFails(readEvent(bytes, from, to, maxLookedAt).data ?? '');
  }
  return true;
}

/** The result of one of several operations (GraphQL over SSE, single connection mode). */
const namedResult = /^\s*\{\s*"id"\s*:\s*"[^"]*"\s*,\s*"payload"\s*:\s*\{\s*"(?:data|errors)"\s*:/;

/** The result of an execution (GraphQL over SSE: event `next`). */
function dataFails(data: string): boolean {
  if (!data.includes('"errors"')) return false;
  const bytes = Buffer.from(data);
  const nested = /^\s*\{\s*"id"\s*:[^{]*"payload"\s*:\s*/.exec(data)?.[0] ?? '';
  return graphQlAnswerFails(bytes, Buffer.byteLength(nested), bytes.length);
}
