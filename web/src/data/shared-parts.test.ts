import { describe, expect, it } from 'vitest';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { SharedParts } from './shared-parts.ts';
import { receivedRow } from './test-support.ts';

const end = (parts: Partial<EntryRow['src']> = {}) =>
  receivedRow({ src: { ip: '10.0.0.1', port: 5_000, name: 'cart', ...parts } });

describe('parts that rows share', () => {
  it('are the same objects in equal rows, and the rows say what they said', () => {
    const shared = new SharedParts();
    const rows = [end(), end()];
    for (const row of rows) shared.share(row);
    expect(rows[1]!.src).toBe(rows[0]!.src);
    expect(rows[1]!.dst).toBe(rows[0]!.dst);
    expect(rows[1]!.protocol).toBe(rows[0]!.protocol);
    expect(rows[1]).toEqual(end());
  });

  it('are not those of an address that was called otherwise before', () => {
    const shared = new SharedParts();
    const [before, after] = [end(), end({ name: 'cart-2', pod: 'cart-2-x' })];
    shared.share(before);
    shared.share(after);
    const again = end({ name: 'cart-2', pod: 'cart-2-x' });
    shared.share(again);
    expect(before.src.name).toBe('cart');
    expect(after.src).toMatchObject({ name: 'cart-2', pod: 'cart-2-x' });
    expect(again.src).toBe(after.src);
  });

  it('stay right when more was seen than is remembered', () => {
    const shared = new SharedParts();
    for (let port = 0; port < 20_000; port++) {
      const row = end({ port });
      shared.share(row);
      expect(row.src.port).toBe(port);
    }
  });
});
