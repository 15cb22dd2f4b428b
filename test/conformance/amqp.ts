/** AMQP 0-9-1: every method with its arguments, every message with the length of its body. */
import type { Entry } from '../../src/entry/entry.ts';
import type { Comparable, Ends, Line, TruthRecord } from './messages.ts';
import { linesOf } from './messages.ts';

interface Frame extends TruthRecord {
  readonly n: number;
  readonly dir: string;
  readonly channel: number;
  readonly kind: string;
  readonly method?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly body_size?: number | string;
  readonly payload_len?: number;
}

/** Names of arguments in the truth, and those that Mizu has for them. */
const names: Readonly<Record<string, string>> = {
  nowait: 'noWait',
  version_major: 'versionMajor',
  version_minor: 'versionMinor',
};

export const amqp: Comparable = {
  title: 'AMQP 0-9-1',
  types: ['amqp'],
  theirs(records, ends) {
    const lines: Line[] = [];
    for (const frame of records as Frame[]) {
      if (frame.kind === 'method') lines.push(methodLine(frame, ends));
      if (frame.kind !== 'header') continue;
      // The header belongs to the method before it: what is sent with it is one message.
      const at = lines.findLastIndex(({ name }) => name.startsWith(`${frame.stream}/`));
      const method = lines[at]!;
      lines[at] = { ...method, text: `${method.text} body=${frame.body_size}` };
    }
    return lines;
  },
  ours(entries) {
    const seen = entries.filter(({ protocol }) => protocol.name === 'amqp');
    return linesOf(seen.flatMap(halves), (entry, side) => {
      const { method, channel, bodySize, ...args } = entry[side]!;
      const told = Object.entries(args).filter(([name]) => compared.has(name));
      return textOf(channel, String(method), told, bodySize);
    });
  },
};

function methodLine(frame: Frame, ends: Ends): Line {
  const { stream, n, dir, channel, method = '', args = {} } = frame;
  const told = Object.entries(args).map(([name, value]) => [
    names[name] ?? name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const text = textOf(channel, method.toLowerCase().replace('.', ' '), told as [string, string][]);
  return { ...ends.of(stream, dir), name: `${stream}/${n}`, text };
}

/** The arguments that the truth tells. */
const compared = new Set(
  'versionMajor versionMinor mechanism locale channelMax frameMax heartbeat virtualHost replyCode \
replyText exchange type durable autoDelete noWait mandatory immediate routingKey queue'.split(' '),
);

function textOf(
  channel: unknown,
  method: string,
  args: readonly (readonly [string, unknown])[],
  bodySize?: unknown,
): string {
  const words = args.map(([name, value]) => `${name}=${value === '' ? '' : plain(value)}`);
  const body = bodySize === undefined ? [] : [`body=${bodySize}`];
  return [channel, method, ...words.sort(), ...body].join(' ');
}

const plain = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value);

/** A closing that stands for an answer is an entry of its own as well. */
function halves(entry: Entry): Entry[] {
  if (!/ close$/.test(String(entry.response?.['method']))) return [entry];
  const { response: _, ...rest } = entry;
  return [rest as Entry];
}
