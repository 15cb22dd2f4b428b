import { expect, test } from 'vitest';
import { Departures, goneMs } from './departures.ts';

const first = { nodeNumber: 7, process: 'first', connected: true, farewell: '' };
const second = { ...first, process: 'second' };

test('a tapper that is followed by another has ended, its calls are those from before', () => {
  const departures = new Departures();
  departures.note(first, 0);
  departures.note({ ...first, connected: false }, 1000);
  expect(departures.take(9000)).toEqual([]);
  departures.note(second, 10_000);
  expect(departures.take(10_000)).toEqual([]);
  expect(departures.take(20_000)).toEqual([{ node: 7, beforeMs: 10_000 }]);
  expect(departures.take(2 * goneMs)).toEqual([]);
});

test('one that says good-bye has ended a little later, when what it sent was taken', () => {
  const departures = new Departures();
  departures.note(first, 0);
  departures.note({ ...first, connected: false, farewell: 'the tapper ends' }, 1000);
  expect(departures.take(1000)).toEqual([]);
  expect(departures.take(5000)).toEqual([{ node: 7, beforeMs: Number.POSITIVE_INFINITY }]);
  departures.note(second, 6000);
  expect(departures.take(20_000)).toEqual([]);
});

test('one whose network was cut comes back and has not ended', () => {
  const departures = new Departures();
  departures.note(first, 0);
  departures.note({ ...first, connected: false }, 1000);
  departures.note(first, 60_000);
  expect(departures.take(2 * goneMs)).toEqual([]);
});

test('one that nobody hears of for very long has ended', () => {
  const departures = new Departures();
  departures.note(first, 0);
  departures.note({ ...first, connected: false }, 1000);
  expect(departures.take(goneMs)).toEqual([]);
  departures.take(goneMs + 1000);
  expect(departures.take(goneMs + 9000)).toHaveLength(1);
});
