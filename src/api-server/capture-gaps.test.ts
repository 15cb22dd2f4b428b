import { expect, test } from 'vitest';
import { CaptureGaps } from './capture-gaps.ts';

const at = (seconds: number) => Date.UTC(2026, 0, 1, 12, 0, seconds);
const tapper = (process: string, seconds: number, connected = true, state = 'capturing') => ({
  nodeName: 'node-1',
  process,
  connected,
  capture: { state: state as 'capturing', reason: '', targets: 1 },
  lastSeen: at(seconds),
});

test('a tapper that was killed: from when to when nothing was read', () => {
  const gaps = new CaptureGaps();
  gaps.note(tapper('first', 1), at(1));
  gaps.note(tapper('first', 10, false), at(12));
  gaps.note(tapper('second', 13, true, 'waiting'), at(13));
  expect(gaps.notices).toEqual([]);
  gaps.note(tapper('second', 15), at(15));
  expect(gaps.notices).toEqual([
    'Nothing was read on node-1 from 12:00:10 to 12:00:15 UTC, when its tapper was replaced: calls that no other node saw are missing.',
  ]);
});

test('one that comes again has lost nothing; a node without targets misses nothing', () => {
  const gaps = new CaptureGaps();
  gaps.note(tapper('first', 1), at(1));
  gaps.note(tapper('first', 10, false), at(12));
  gaps.note(tapper('first', 15), at(15));
  gaps.note(tapper('first', 20, false), at(20));
  gaps.keep(['node-2']);
  gaps.note(tapper('second', 30), at(30));
  expect(gaps.notices).toEqual([]);
});
