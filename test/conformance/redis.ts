/** Redis: every command with its words, every reply and push by value. */
import type { Comparable, Line, TruthRecord } from './messages.ts';
import { linesOf } from './messages.ts';

/** A value of the truth: type character and content. Lists end after 200 elements with `...N`. */
type Told = readonly [string, unknown] | string;

interface RedisRecord extends TruthRecord {
  readonly n: number;
  readonly cmd?: readonly string[];
  readonly inline?: string;
  readonly value?: Told;
}

/** Longer texts and lists are cut in the truth. */
const comparedText = 200;
const comparedElements = 100;

export const redis: Comparable = {
  title: 'Redis',
  types: ['redis_cmd', 'redis_reply'],
  theirs(records, ends) {
    return (records as RedisRecord[]).map((record): Line => {
      const { stream, n, cmd, inline, value } = record;
      const isReply = value !== undefined;
      return {
        ...ends.of(stream, isReply ? 's2c' : 'c2s'),
        name: `${stream}/${n}/${isReply ? 'reply' : 'command'}`,
        text: isReply ? JSON.stringify(plain(value)) : command(cmd ?? inline!.split(' ')),
      };
    });
  },
  ours(entries) {
    const seen = entries.filter(({ protocol }) => protocol.name === 'redis');
    return linesOf(seen, (entry, side) => {
      const message = entry[side]!;
      if (side === 'response') return JSON.stringify(shown(message['reply']));
      const [name = ''] = String(message['command']).split(' ');
      return command([name, ...(message['arguments'] as unknown[]).map(String)]);
    });
  },
};

/** The words of a command; its name may be in any case. */
function command([name = '', ...words]: readonly string[]): string {
  return JSON.stringify([name.toUpperCase(), ...words.map(short)].slice(0, comparedElements));
}

const short = (text: string) => text.slice(0, comparedText);

function plain(told: Told): unknown {
  if (typeof told === 'string') return told;
  const [type, content] = told;
  if (type === '|') return plain((content as { value: Told }).value);
  if (type === '%') {
    const items = (content as Told[]).map(plain);
    const names = items.filter((_, i) => i % 2 === 0);
    const pairs = names.map((name, i) => [String(name), items[2 * i + 1]] as const);
    return Object.fromEntries(pairs.slice(0, comparedElements));
  }
  if (Array.isArray(content)) return (content as Told[]).slice(0, comparedElements).map(plain);
  if (type === '-') return short(`(error) ${content}`);
  return content === null ? null : short(String(content));
}

/** The same of a value of Mizu: numbers as texts. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, comparedElements).map(shown);
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).slice(0, comparedElements);
    return Object.fromEntries(pairs.map(([name, each]) => [name, shown(each)]));
  }
  return value === null ? null : short(String(value));
}
