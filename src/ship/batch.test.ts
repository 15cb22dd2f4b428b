import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, Batch, payloadAt, textAt } from './batch.ts';
import { columns } from './columns.ts';

describe('a batch', () => {
  it('is read by a receiver as it was written', () => {
    const written = Batch.allocate(3, 1000);
    written.columns.idTime[2] = 1.5;
    written.columns.status[2] = -7;
    written.heap.set([104, 105], 10);
    written.columns.method[4] = 10;
    written.columns.method[5] = 2;
    written.rows = 3;
    written.heapUsed = 12;
    const read = Batch.open(structuredClone(written.buffer))!;
    expect(read.rows).toBe(3);
    expect(read.columns.idTime[2]).toBe(1.5);
    expect(read.columns.status[2]).toBe(-7);
    expect(textAt(read, read.columns.method, 2)).toBe('hi');
  });

  it('keeps its columns apart', () => {
    const batch = Batch.allocate(5, 64);
    let value = 1;
    for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
      batch.columns[name].fill(value);
      value++;
    }
    value = 1;
    for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
      expect(new Set(batch.columns[name])).toEqual(new Set([value]));
      value++;
    }
  });

  it('that is damaged is refused or read within its bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 400 }), (bytes) => {
        const copy = bytes.slice();
        new DataView(copy.buffer).setUint32(0, 0x315a494d, true);
        const batch = Batch.open(copy.buffer);
        if (batch === undefined) return;
        for (let row = 0; row < batch.rows; row++) textAt(batch, batch.columns.method, row);
        expect(payloadAt(batch, 0, 1 << 30)).toBeUndefined();
      }),
    );
  });
});

describe('addresses as people write them', () => {
  it.each([
    ['00000000000000000000ffff0a000102', '10.0.1.2'],
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000100000001000100010001', '2001:db8:1:0:1:1:1:1'],
    ['fe800000000000000000000000000000', 'fe80::'],
  ])('%s is %s', (hex, text) => {
    expect(addressText(Buffer.from(hex, 'hex'), 0)).toBe(text);
  });

  it('are valid IPv6 whatever the bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        bytes[0] = 0x20;
        expect(isIPv6(addressText(bytes, 0))).toBe(true);
      }),
    );
  });
});
