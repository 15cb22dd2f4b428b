import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferPool, StreamWindow } from './window.ts';

/** Feeds as packets whose memory is overwritten afterwards, as the capture ring does. */
function feed(window: StreamWindow, bytes: Uint8Array, time: number): void {
  const packet = new Uint8Array(bytes.length + 4);
  packet.set(bytes, 2);
  window.feed(packet, 2, 2 + bytes.length, time, time);
  window.settle();
  packet.fill(0xee);
}

describe('the window over unread bytes', () => {
  it('shows the bytes as one piece, whatever the packets and however they are consumed', () => {
    const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 30 });
    fc.assert(
      fc.property(packets, fc.array(fc.nat(4000), { minLength: 1 }), (pieces, steps) => {
        const window = new StreamWindow(new BufferPool());
        const expected: number[] = [];
        const all: number[] = [];
        const read: number[] = [];
        for (const [i, piece] of pieces.entries()) {
          feed(window, piece, i);
          all.push(...piece);
          const take = Math.min(steps[i % steps.length]!, window.length);
          for (let at = 0; at < take; at++) read.push(window.u8(at));
          window.consume(take);
          window.settle();
        }
        for (let at = 0; at < window.length; at++) read.push(window.u8(at));
        expected.push(...all);
        expect(read).toEqual(expected);
        expect(window.position).toBe(all.length - window.length);
      }),
      { numRuns: 60 },
    );
  });

  it('knows which packet carried the first unread byte', () => {
    const window = new StreamWindow(new BufferPool());
    feed(window, new Uint8Array(10), 1);
    feed(window, new Uint8Array(10), 2);
    feed(window, new Uint8Array(10), 3);
    expect([window.startTime(), window.startPacket()]).toEqual([1, 1]);
    window.consume(10);
    expect(window.startTime()).toBe(2);
    window.consume(15);
    expect(window.startTime()).toBe(3);
  });

  it('drops skipped bytes as they arrive, and says when the skip is done', () => {
    const window = new StreamWindow(new BufferPool());
    feed(window, new Uint8Array([1, 2, 3]), 1);
    window.skip(5);
    expect(window.length).toBe(0);
    expect(window.skipDone).toBe(false);
    feed(window, new Uint8Array([4]), 2);
    expect(window.length).toBe(0);
    feed(window, new Uint8Array([5, 6]), 3);
    expect(window.skipDone).toBe(true);
    expect(window.u8(0)).toBe(6);
  });

  it('gives its memory back when everything is read', () => {
    const pool = new BufferPool();
    const window = new StreamWindow(pool);
    feed(window, new Uint8Array(100_000), 1);
    expect(pool.usedBytes).toBeGreaterThanOrEqual(100_000);
    window.consume(100_000);
    window.settle();
    expect(pool.usedBytes).toBe(0);
  });

  it('finds no byte behind its end, even when the memory holds one', () => {
    const window = new StreamWindow(new BufferPool());
    const packet = new Uint8Array([1, 2, 3, 10]);
    window.feed(packet, 0, 3, 1, 1);
    expect(window.indexOf(10, 0)).toBe(-1);
    expect(window.indexOf(3, 0)).toBe(2);
  });
});
