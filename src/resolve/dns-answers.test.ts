import { describe, expect, it } from 'vitest';
import { seededRandom } from '../demo/random.ts';
import { addressText } from '../ship/batch.ts';
import { readDnsAnswers } from './dns-answers.ts';

const be16 = (value: number) => [value >> 8, value & 255];
const name = (text: string) => [
  ...text.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]),
  0,
];
const pointer = (to: number) => be16(0xc000 | to);
/** The question's name begins here. */
const question = pointer(12);

function record(owner: readonly number[], type: number, data: readonly number[]): number[] {
  return [...owner, ...be16(type), ...be16(1), 0, 0, 0, 60, ...be16(data.length), ...data];
}

function answer(
  asked: string,
  records: readonly (readonly number[])[],
  flags = 0x8180,
): Uint8Array {
  const header = [0xab, 0xcd, ...be16(flags), ...be16(1), ...be16(records.length), 0, 0, 0, 0];
  return Uint8Array.from([...header, ...name(asked), ...be16(1), ...be16(1), ...records.flat()]);
}

/** Read from the middle of a buffer, as datagrams lie in packets. */
function read(bytes: Uint8Array): string[] {
  const found: string[] = [];
  const buffer = new Uint8Array(bytes.length + 40).fill(7);
  buffer.set(bytes, 20);
  readDnsAnswers(buffer, 20, 20 + bytes.length, (host, address) => {
    found.push(`${host} ${addressText(address, 0)}`);
  });
  return found;
}

const a = (...bytes: number[]) => record(question, 1, bytes);
const aaaa = record(question, 28, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);

describe('addresses of a DNS answer', () => {
  it('of both families belong to the name that was asked', () => {
    expect(read(answer('Maps.Example', [a(192, 0, 2, 1), a(192, 0, 2, 2), aaaa]))).toEqual([
      'maps.example 192.0.2.1',
      'maps.example 192.0.2.2',
      'maps.example 2001:db8::9',
    ]);
  });

  it('behind a chain of aliases belong to it as well', () => {
    const records = [
      record(question, 5, name('edge.cdn.example')),
      record(name('edge.cdn.example'), 5, name('e7.cdn.example')),
      record(name('e7.cdn.example'), 1, [192, 0, 2, 7]),
    ];
    expect(read(answer('shop.example', records))).toEqual(['shop.example 192.0.2.7']);
  });

  it('of names that nobody asked for, or was led to, are left out', () => {
    const records = [record(name('bank.example'), 1, [192, 0, 2, 66]), a(192, 0, 2, 1)];
    expect(read(answer('shop.example', records))).toEqual(['shop.example 192.0.2.1']);
  });

  it('are left out of questions, failures and other operations', () => {
    const records = [a(192, 0, 2, 1)];
    for (const flags of [0x0100, 0x8183, 0x8182, 0xa980]) {
      expect(read(answer('shop.example', records, flags))).toEqual([]);
    }
  });
});

describe('a damaged answer', () => {
  it('is read as far as it goes, at every length', () => {
    const whole = answer('shop.example', [a(192, 0, 2, 1), a(192, 0, 2, 2)]);
    for (let length = 0; length < whole.length; length++) {
      expect(read(whole.subarray(0, length)).length).toBeLessThan(2);
    }
  });

  it('whose names point at themselves, or at each other, ends', () => {
    expect(read(answer('shop.example', [record(pointer(30), 1, [1, 2, 3, 4])]))).toEqual([]);
    const bytes = answer('x', []);
    bytes.set(pointer(14), 12);
    bytes.set(pointer(12), 14);
    expect(read(bytes)).toEqual([]);
  });

  it('with addresses of a wrong length gives none', () => {
    expect(read(answer('shop.example', [a(192, 0, 2), a(192, 0, 2, 1, 1)]))).toEqual([]);
  });

  it('of any bytes gives at most what an answer may hold', () => {
    const random = seededRandom(53);
    const whole = answer('shop.example', [a(192, 0, 2, 1), aaaa, a(192, 0, 2, 2)]);
    for (let round = 0; round < 5000; round++) {
      const bytes = whole.slice();
      for (let hit = 0; hit < 4; hit++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      expect(read(bytes).length).toBeLessThanOrEqual(64);
    }
  });
});
