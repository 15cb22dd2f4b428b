import { describe, expect, it } from 'vitest';
import { type AddressState, periodOf, readAddress, writeAddress } from './url-state.ts';

describe('the address', () => {
  const states: AddressState[] = [
    { filter: '', range: { kind: 'all' }, entry: '' },
    { filter: 'a == "b&c=d" and x', range: { kind: 'last', minutes: 15 }, entry: '0af3' },
    { filter: 'http', range: { kind: 'fixed', since: 1_000, until: 2_000 }, entry: '' },
  ];
  for (const state of states) {
    it(`gives back what was written: ${writeAddress(state) || 'nothing'}`, () => {
      expect(readAddress(writeAddress(state))).toEqual(state);
    });
  }

  it('is empty when nothing was chosen', () => {
    expect(writeAddress({ filter: '', range: { kind: 'all' }, entry: '' })).toBe('');
  });

  it('with nonsense counts as absent', () => {
    expect(readAddress('?last=soon&since=5&until=3&entry=<script>')).toEqual({
      filter: '',
      range: { kind: 'all' },
      entry: '',
    });
  });
});

describe('a time range', () => {
  it('slides with the time', () => {
    expect(periodOf({ kind: 'last', minutes: 1 }, 100_000)).toEqual({ since: 40_000 });
  });

  it('covers the whole of a fixed range', () => {
    expect(periodOf({ kind: 'fixed', since: 1.5, until: 2.5 }, 0)).toEqual({ since: 1, until: 3 });
  });
});
