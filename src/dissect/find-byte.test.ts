import { expect, it } from 'vitest';
import { findByte } from './find-byte.ts';

it('finds a byte near and far, and nothing outside of the range', () => {
  const bytes = new Uint8Array(1000);
  for (const at of [10, 11, 73, 74, 75, 500, 899]) {
    bytes[at] = 7;
    expect(findByte(bytes, 7, 10, 900), `at ${at}`).toBe(at);
    bytes[at] = 0;
  }
  bytes[9] = bytes[900] = 7;
  expect(findByte(bytes, 7, 10, 900)).toBe(-1);
  expect(findByte(bytes, 7, 900, 900)).toBe(-1);
});

it('does not look behind the end', () => {
  const bytes = new Uint8Array(256 << 20);
  const before = performance.now();
  for (let i = 0; i < 1000; i++) findByte(bytes, 7, 0, 200);
  // Through all of it, once takes longer.
  expect(performance.now() - before).toBeLessThan(1000);
});
