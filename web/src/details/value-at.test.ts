import { describe, expect, test } from 'vitest';
import { anyOf, valueAt } from './value-at.ts';

const entry = {
  request: {
    topics: [{ name: 'orders', record: [{ key: 'a', headers: { 'x-trace': '1' } }] }],
  },
};

describe('the value at a path', () => {
  test('through maps, lists and quoted names', () => {
    expect(valueAt(entry, 'request.topics[0].record[0].key')).toBe('a');
    expect(valueAt(entry, 'request.topics[0].record[0].headers["x-trace"]')).toBe('1');
    expect(valueAt(entry, 'request.topics[0]')).toEqual(entry.request.topics[0]);
  });
  test('nothing where there is nothing', () => {
    expect(valueAt(entry, 'request.topics[7].record')).toBeUndefined();
    expect(valueAt(entry, 'response.value')).toBeUndefined();
    expect(valueAt(entry, 'request.topics.length')).toBeUndefined();
    expect(valueAt(entry, 'request.constructor')).toBeUndefined();
  });
  test('a path that computes something is not read', () => {
    expect(valueAt(entry, 'request.topics.json().a')).toBeUndefined();
  });
});

test('any element of the lists', () => {
  expect(anyOf('a[0].b[12]["3"].c')).toBe('a[*].b[*]["3"].c');
});
