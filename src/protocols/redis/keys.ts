/** Where the keys are among the words of a command. */
import type { Command, KeySpec } from './commands.ts';

/** The words of a command, as bytes (hot) or as texts (cold). */
export interface Words {
  /** How many there are, the name included; not all of them need to be known. */
  readonly total: number;
  /** Words known; the others are further on than what was looked at. */
  readonly known: number;
  /** Compares without regard to case. `word` is in capitals. */
  is(at: number, word: string): boolean;
  /** A whole number, or -1. */
  number(at: number): number;
}

export interface KeyRange {
  first: number;
  count: number;
  step: number;
}

/** Sets `range` to the keys that a spec finds; a count of 0 when it finds none. */
export function findKeys(spec: KeySpec, words: Words, range: KeyRange): void {
  range.count = 0;
  const begin = spec.keyword === undefined ? spec.from : behindKeyword(spec, spec.keyword, words);
  if (begin <= 0 || begin >= words.total) return;
  range.step = Math.max(1, spec.step);
  if (spec.numberAt >= 0) {
    const number = words.number(begin + spec.numberAt);
    range.first = begin + spec.first;
    const room = Math.ceil((words.total - range.first) / range.step);
    range.count = Math.max(0, Math.min(number, room));
    return;
  }
  range.first = begin;
  let last = spec.last >= 0 ? begin + spec.last : words.total + spec.last;
  if (spec.last < 0 && spec.limit > 1) {
    last = begin + Math.floor((words.total - begin) / spec.limit) - 1;
  }
  last = Math.min(last, words.total - 1);
  range.count = last < begin ? 0 : Math.floor((last - begin) / range.step) + 1;
}

function behindKeyword(spec: KeySpec, keyword: string, words: Words): number {
  const { known, total } = words;
  if (spec.from >= 0) {
    for (let i = spec.from; i < known; i++) if (words.is(i, keyword)) return i + 1;
    return 0;
  }
  for (let i = Math.min(known - 1, total + spec.from); i > 0; i--) {
    if (words.is(i, keyword)) return i + 1;
  }
  return 0;
}

/** Commands all of whose words are channels or patterns. */
export function namesChannels(command: Command): boolean {
  return command.group === 'pubsub' && command.keys.length === 0 && command.name !== 'PUBLISH';
}
