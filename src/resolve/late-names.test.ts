import { expect, test } from 'vitest';
import type { Identity } from './contract.ts';
import { LateNames } from './late-names.ts';

const known = new Map<string, Identity>();
const names = { identify: (address: string) => known.get(address) };
const row = (id: string, source: string, destination: string) => ({
  id,
  timestamp: 1000,
  src: { ip: source, port: 40_000, name: known.get(source)?.name ?? '' },
  dst: { ip: destination, port: 80, name: known.get(destination)?.name ?? '' },
});

test('an entry is shown again when an end that had no name has one', () => {
  const late = new LateNames(names);
  known.set('10.0.0.1', { kind: 'pod', name: 'web' });
  late.note(row('a', '10.0.0.1', '10.0.0.2'), 0);
  late.note(row('b', '10.0.0.1', '10.0.0.1'), 0);
  late.note(row('c', '10.0.0.3', '10.0.0.1'), 0);
  expect(late.completed(new Set(['10.0.0.2', '10.0.0.1']))).toEqual([]);
  known.set('10.0.0.2', { kind: 'pod', name: 'cart' });
  expect(late.completed(new Set(['10.0.0.2', '10.0.0.9']))).toEqual(['a']);
  expect(late.completed(new Set(['10.0.0.2']))).toEqual([]);
  expect(late.size).toBe(1);
});

test('what has no name for long is not waited for, and never too many', () => {
  const late = new LateNames(names);
  for (let i = 0; i < 25_000; i++) late.note(row(`n${i}`, '192.0.2.1', '192.0.2.2'), i / 1000);
  expect(late.size).toBe(20_000);
  late.note(row('x', '192.0.2.1', '192.0.2.2'), 120_000);
  expect(late.size).toBe(1);
});
