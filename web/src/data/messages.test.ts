import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { askedFilter, messagesOf, senderOf } from './messages.ts';

describe('leaving out the messages of calls', () => {
  test('adds a condition to what is asked for', () => {
    expect(askedFilter('', false)).toBe('parent == ""');
    expect(askedFilter('http or redis', false)).toBe('(http or redis) and parent == ""');
  });
  test('changes nothing when messages are shown, or asked for by the query', () => {
    expect(askedFilter('http', true)).toBe('http');
    expect(askedFilter(messagesOf('0a'), false)).toBe('parent == "0a"');
  });
});

test('a message comes from the side that something was seen of', () => {
  const seen = (requestSize: number, request: number) =>
    ({ requestSize, packets: { request, response: 0 } }) as EntryRow;
  expect(senderOf(seen(12, 4))).toBe('client');
  expect(senderOf(seen(0, 4))).toBe('client');
  expect(senderOf(seen(0, 0))).toBe('server');
});
