import { expect, test } from 'vitest';
import { SilentNodes } from './silent-nodes.ts';

const tapper = (nodeName: string, lastSeen: number, connected = true) => ({
  nodeName,
  lastSeen,
  connected,
});

test('a node is silent when its tapper does not come, is gone, or says nothing any more', () => {
  const silent = new SilentNodes();
  const wanted = ['never', 'well', 'gone', 'mute'];
  const start = [tapper('well', 0), tapper('gone', 0), tapper('mute', 0)];
  // They get the time that a pod needs to start.
  expect(silent.find(wanted, start, 0)).toEqual([]);
  const later = [tapper('well', 10_000), tapper('gone', 9000, false), tapper('mute', 0)];
  expect(silent.find(wanted, later, 10_000)).toEqual([]);
  const end = [tapper('well', 30_000), tapper('gone', 9000, false), tapper('mute', 0)];
  expect(silent.find(wanted, end, 30_000)).toEqual(['gone', 'mute', 'never']);
  const back = [tapper('never', 31_000), ...end];
  expect(silent.find(wanted, back, 31_000)).toEqual(['gone', 'mute']);
});

test('a node without targets is not missed, and gets its time when it has some again', () => {
  const silent = new SilentNodes();
  silent.find(['one'], [], 0);
  expect(silent.find(['one'], [], 20_000)).toEqual(['one']);
  expect(silent.find([], [], 21_000)).toEqual([]);
  expect(silent.find(['one'], [], 22_000)).toEqual([]);
});
