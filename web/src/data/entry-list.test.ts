import { describe, expect, it } from 'vitest';
import { EntryList } from './entry-list.ts';
import { receivedRow } from './test-support.ts';

const row = (id: string, outcome = 'ok') => receivedRow({ id, outcome });
const ids = (list: EntryList) => list.rows.map((entry) => entry.id).join('');

describe('the entries in memory', () => {
  it('are appended in order of id', () => {
    const list = new EntryList();
    list.merge([row('a'), row('b')]);
    list.merge([row('c')]);
    expect(ids(list)).toBe('abc');
    expect(list.appended).toBe(3);
  });

  it('are replaced in place when a newer state of one comes', () => {
    const list = new EntryList();
    list.merge([row('a'), row('b', 'pending'), row('c')]);
    list.merge([row('b', 'failed')]);
    expect(ids(list)).toBe('abc');
    expect(list.get('b')?.outcome).toBe('failed');
  });

  it('never go back to pending when history and live tail cross', () => {
    const list = new EntryList();
    list.merge([row('a', 'ok')]);
    list.merge([row('a', 'pending')], true);
    expect(list.get('a')?.outcome).toBe('ok');
  });

  it('that come late are put where they belong', () => {
    const list = new EntryList();
    list.merge([row('a'), row('d'), row('g')]);
    list.merge([row('f'), row('b'), row('h'), row('e')]);
    expect(ids(list)).toBe('abdefgh');
  });

  it('that come twice in one late batch are held once, in their newer state', () => {
    const list = new EntryList();
    list.merge([row('a'), row('d')]);
    list.merge([row('b', 'pending'), row('b', 'ok')]);
    expect(ids(list)).toBe('abd');
    expect(list.get('b')?.outcome).toBe('ok');
  });

  it('do not take live updates of entries older than what is in memory', () => {
    const list = new EntryList();
    list.merge([row('m'), row('n')]);
    list.merge([row('b')]);
    expect(ids(list)).toBe('mn');
  });

  it('take older entries as a page of history', () => {
    const list = new EntryList();
    list.merge([row('m'), row('n')]);
    list.merge([row('k'), row('l')], true);
    expect(ids(list)).toBe('klmn');
  });

  it('hold each entry once after a reconnect reads over what was known', () => {
    const list = new EntryList();
    list.merge([row('a'), row('b'), row('c')]);
    list.merge([row('b'), row('c'), row('d'), row('e')], true);
    expect(ids(list)).toBe('abcde');
  });

  it('give up the oldest while following, and can page back to them', () => {
    const list = new EntryList(4);
    list.startReached = true;
    list.merge(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => row(id)));
    list.trim('oldest');
    expect(ids(list)).toBe('cdef');
    expect(list.startReached).toBe(false);
  });

  it('are those of the last minutes after hours of following, and all of them under load', () => {
    const minute = 60_000;
    const list = new EntryList();
    list.startReached = true;
    let made = 0;
    const follow = (perMinute: number, from: number, to: number) => {
      for (let at = from; at < to; at++) {
        const rows = Array.from({ length: perMinute }, () => row(String(++made).padStart(9, '0')));
        list.merge(rows);
        list.trim('oldest', at * minute);
      }
    };
    follow(700, 0, 60);
    expect(list.rows.length).toBeGreaterThanOrEqual(10_000);
    expect(list.rows.length).toBeLessThan(12_000);
    expect(list.startReached).toBe(false);
    expect(list.lastId).toBe(String(made).padStart(9, '0'));
    follow(5_000, 60, 70);
    expect(list.rows.length).toBeGreaterThan(50_000);
  });

  it('give up the newest while somebody reads older ones, and know that they are behind', () => {
    const list = new EntryList(3);
    list.merge(['a', 'b', 'c', 'd', 'e'].map((id) => row(id)));
    list.trim('newest');
    expect(ids(list)).toBe('abc');
    expect(list.behind).toBe(true);
  });

  it('that are not in memory are not added by an update', () => {
    const list = new EntryList();
    list.merge([row('a', 'pending')]);
    list.update([row('a', 'ok'), row('z', 'ok')]);
    expect(ids(list)).toBe('a');
    expect(list.get('a')?.outcome).toBe('ok');
  });

  it('are found by id, or not', () => {
    const list = new EntryList();
    list.merge(['a', 'c', 'e'].map((id) => row(id)));
    expect(list.indexOf('c')).toBe(1);
    expect(list.indexOf('d')).toBe(-1);
    expect(list.get('zz')).toBeUndefined();
  });
});
