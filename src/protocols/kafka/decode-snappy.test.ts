import { compress } from 'snappyjs';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import { unpackSnappy } from './decode-snappy.ts';

const limit = 1 << 20;

test('what another implementation packs comes out as it was', () => {
  const random = seededRandom(9);
  for (let run = 0; run < 300; run++) {
    const letters = 1 + Math.floor(random() * 8) ** 2;
    const length = Math.floor(random() * (run % 10 === 0 ? 100_000 : 500));
    const plain = Uint8Array.from({ length }, () => random() * letters);
    const { bytes, problem } = unpackSnappy(compress(plain), limit);
    expect(problem).toBeUndefined();
    expect(Buffer.compare(bytes, plain)).toBe(0);
  }
});

test('long offsets, and copies of what they are writing', () => {
  const text = Buffer.from('abcd');
  const packed = Buffer.concat([
    Buffer.of(4 + 10 + 4, 3 << 2),
    text,
    Buffer.of((9 << 2) | 3, 4, 0, 0, 0),
    Buffer.of(1, 2),
  ]);
  const { bytes, problem } = unpackSnappy(packed, limit);
  expect(problem).toBeUndefined();
  expect(Buffer.from(bytes).toString()).toBe('abcdabcdabcdababab');
});

test('damage is said, at once, and what came before it is kept', () => {
  // A literal whose length is 2^32 - 1: read as negative, it leads back to its own tag.
  const packed = Buffer.of(200, 1, 2 << 2, 97, 98, 99, 63 << 2, 0xf9, 0xff, 0xff, 0xff, 0, 0, 0);
  const { bytes, problem } = unpackSnappy(packed, limit);
  expect(problem).toBe('damaged Snappy');
  expect(Buffer.from(bytes).toString()).toBe('abc');
  expect(unpackSnappy(Buffer.of(0xff, 0xff, 0xff, 0xff, 15), limit).problem).toMatch(/more than/);
  expect(unpackSnappy(Buffer.of(0x80, 0x80, 4, 0, 97), limit).problem).toBe('damaged Snappy');
  expect(unpackSnappy(new Uint8Array(0), limit).problem).toBe('damaged Snappy');
});

test('random damage neither throws nor takes long', () => {
  const random = seededRandom(10);
  const packed = compress(
    Buffer.from('some text that repeats, some text that repeats '.repeat(40)),
  );
  for (let run = 0; run < 20_000; run++) {
    const bytes = Uint8Array.from(packed);
    for (let hits = 0; hits < 3; hits++)
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
    expect(unpackSnappy(bytes, limit).bytes.length).toBeLessThanOrEqual(limit);
  }
});
