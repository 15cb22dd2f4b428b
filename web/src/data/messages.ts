/** Messages of calls: entries that name another one, their call, as parent. */
import type { EntryRow } from '../../../src/entry/entry.ts';
import { addClause, comparison } from '../../../src/filter/edit.ts';

/** A query that speaks of messages itself gets what it asks for. */
const speaksOfMessages = /\bparent\b/;

/** The filter to ask with: without messages, unless they are wanted. */
export function askedFilter(filter: string, messages: boolean): string {
  if (messages || speaksOfMessages.test(filter)) return filter;
  return addClause(filter, comparison('parent', '==', ''), 'and');
}

/** The query for the messages of a call. */
export function messagesOf(call: string): string {
  return comparison('parent', '==', call);
}

/** Who sent a message: of the other side there is nothing. */
export function senderOf(message: EntryRow): 'client' | 'server' {
  const { packets, requestSize } = message;
  return packets.request !== 0 || requestSize > 0 ? 'client' : 'server';
}
