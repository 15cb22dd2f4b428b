import { describe, expect, it } from 'vitest';
import { Repeats } from './repeats.ts';

const SEGMENT =
  '4500003c1c4640004006b1e60a0000010a000002' +
  'd2041f90000000070000000950180064abcd0000' +
  '474554202f20485454502f312e310d0a';
const DATAGRAM6 =
  '6000000000140011' + '40' + 'fd000000000000000000000000000001fd000000000000000000000000000002';

function packet(hex = SEGMENT): Buffer {
  return Buffer.from(hex, 'hex');
}

function changed(at: number, value: number): Buffer {
  const bytes = packet();
  bytes[at] = value;
  return bytes;
}

function sightings(...list: [Buffer, number, number][]): boolean[] {
  const repeats = new Repeats();
  return list.map(([bytes, interfaceIndex, time]) =>
    repeats.isRepeat(bytes, 0, bytes.length, interfaceIndex, time),
  );
}

describe('a packet seen on several interfaces', () => {
  it('is new on the first and a repeat on all others', () => {
    const list = [2, 3, 4, 5].map((index): [Buffer, number, number] => [packet(), index, 1_000]);
    expect(sightings(...list)).toEqual([false, true, true, true]);
  });

  it('is the same after a hop, with another checksum, and marked by a queue', () => {
    const differences: [number, number][] = [
      [8, 1],
      [10, 1],
      [11, 1],
      [36, 1],
      [37, 1],
      [1, 3],
    ];
    for (const [at, value] of differences) {
      expect(sightings([packet(), 2, 1_000], [changed(at, value), 3, 1_000])).toEqual([
        false,
        true,
      ]);
    }
  });

  it('is the same when a card padded it to the shortest frame', () => {
    const short = packet(`45000028${SEGMENT.slice(8, 80)}`);
    const padded = Buffer.concat([short, Buffer.alloc(6)]);
    expect(sightings([short, 2, 1_000], [padded, 3, 1_000])).toEqual([false, true]);
  });

  it('is another one when anything that identifies it differs', () => {
    for (const at of [3, 5, 6, 9, 13, 19, 21, 23, 27, 31, 33, 35, 40, 51]) {
      expect(sightings([packet(), 2, 1_000], [changed(at, 0xee), 3, 1_000])).toEqual([
        false,
        false,
      ]);
    }
  });

  it('is a retransmission on the same interface, and its repeats are repeats', () => {
    expect(
      sightings(
        [packet(), 2, 1_000],
        [packet(), 3, 1_000],
        [packet(), 2, 1_020],
        [packet(), 3, 1_020],
      ),
    ).toEqual([false, true, false, true]);
  });

  it('is another one after a while', () => {
    expect(sightings([packet(), 2, 1_000], [packet(), 3, 1_100])).toEqual([false, false]);
  });

  it('may be IPv6, or cut anywhere', () => {
    const whole = packet(DATAGRAM6.replace('0011' + '40', '1140') + '00'.repeat(30));
    expect(sightings([whole, 2, 1_000], [whole, 3, 1_000])).toEqual([false, true]);
    for (let length = 0; length < SEGMENT.length / 2; length++) {
      const cut = packet().subarray(0, length);
      const [first, second] = sightings([cut, 2, 1_000], [cut, 3, 1_000]);
      expect([first, second]).toEqual([false, length >= 20]);
    }
  });
});
