/** What is recognised as which protocol: nothing of what is foreign, everything of ours on any port. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { protocols } from '../../src/protocols/index.ts';
import { type Event, entriesOf, inRandomPieces, timeless } from '../../src/protocols/test-bench.ts';
import { seededRandom } from '../fuzz/random.ts';
import { capturedTalks, fixtureTalks, type Talk } from '../fuzz/talks.ts';
import { foreignOpenings } from './foreign.ts';

const side = (from: number) => (from === 0 ? ('client' as const) : ('server' as const));
const other = { client: 'server', server: 'client' } as const;

function eventsOf(talk: Pick<Talk, 'said'>): Event[] {
  return talk.said.map(({ from, bytes }) => ({ from: side(from), bytes }));
}

/** The same with the ends changed. */
function swapped(events: readonly Event[]): Event[] {
  return events.map((event) => ({ ...event, from: other[event.from] }));
}

/** Without its first bytes: the connection was joined in the middle. */
function joinedLate(events: readonly Event[], random: () => number): Event[] {
  const first = Math.floor(random() * events.length);
  return events.slice(first).map((event, i) => {
    if (i > 0 || 'lost' in event) return event;
    return { ...event, bytes: event.bytes.subarray(Math.floor(random() * event.bytes.length)) };
  });
}

/** Ways in which the same talk may be seen. */
function waysOf(events: readonly Event[], random: () => number) {
  return [
    { fromStart: true, events },
    { fromStart: false, events },
    { fromStart: true, events: swapped(events) },
    { fromStart: random() < 0.5, events: inRandomPieces(events, random, 50) },
    { fromStart: false, events: joinedLate(events, random) },
    { fromStart: true, events: joinedLate(events, random) },
  ];
}

function seenIn(all: readonly (readonly Event[])[], random: () => number): string[] {
  const seen: string[] = [];
  for (const talk of all) {
    for (const { fromStart, events } of waysOf(talk, random)) {
      for (const { protocol, method, target } of entriesOf(protocols, events, { fromStart })) {
        const first = events.find((event) => 'bytes' in event);
        const bytes = first !== undefined && 'bytes' in first ? first.bytes : new Uint8Array(0);
        const text = Buffer.from(bytes.subarray(0, 60)).toString('latin1');
        seen.push(`${protocol.abbr} ${method} ${target}: ${JSON.stringify(text)}`);
      }
    }
  }
  return seen;
}

describe('what is none of ours', () => {
  it('1,000 openings of other protocols, whole and cut, either end first: nothing is seen', () => {
    const random = seededRandom(41);
    const talks = foreignOpenings(1000, random).map(({ client, server }): Event[] => {
      const asked = { from: 'client', bytes: client } as const;
      const told = { from: 'server', bytes: server } as const;
      return random() < 0.5 ? [asked, told] : [told, asked];
    });
    expect(seenIn(talks, random)).toEqual([]);
  });

  const names = /mysql|pgsql|psql|postgres|mongo|mqtt|nats|cassandra|stomp|tls|ssl|dns|sip_port/i;
  it.skipIf(!existsSync(join(import.meta.dirname, '../../../shared/pcaps')))(
    'real conversations in other protocols, from their beginning and joined anywhere',
    { timeout: 120_000 },
    async () => {
      const random = seededRandom(42);
      const talks = (await capturedTalks(names)).filter((talk) => !isOurs(talk));
      const short = talks.map((talk) => eventsOf(talk).slice(0, 40));
      expect(short.length).toBeGreaterThan(100);
      expect(seenIn(short, random)).toEqual([]);
    },
  );
});

/** The truth of the capture knows one of our protocols. */
function isOurs({ name }: Talk): boolean {
  const truth = join(import.meta.dirname, '../../../shared/pcaps/truth', `${name}.jsonl`);
  return (
    !existsSync(truth) || /"type": "(http|ws|amqp|kafka|redis)/.test(readFileSync(truth, 'utf8'))
  );
}

describe('what is ours', () => {
  const names = ['http', 'http2', 'grpc', 'redis', 'amqp', 'kafka'];
  const expected: Readonly<Record<string, RegExp>> = {
    http: /^HTTP$/,
    http2: /^HTTP\/2$/,
    grpc: /^gRPC$/,
    redis: /^REDIS$/,
    amqp: /^AMQP$/,
    kafka: /^KAFKA$/,
  };
  const ports = [80, 443, 3306, 5432, 5672, 6379, 9092, 27_017, 50_051, 61_234];

  it.each(names)('%s is found on the ports of all others, with the same entries', (name) => {
    for (const talk of fixtureTalks(name)) {
      const events = eventsOf(talk);
      const usual = lasting(entriesOf(protocols, events, { serverPort: talk.serverPort }));
      expect(usual.length).toBeGreaterThan(0);
      for (const { protocol } of entriesOf(protocols, events)) {
        expect(protocol.abbr).toMatch(expected[name]!);
      }
      for (const serverPort of ports) {
        expect(lasting(entriesOf(protocols, events, { serverPort }))).toEqual(usual);
      }
    }
  });

  it.each(names)(
    '%s is found when the handshake was not seen, and joined in the middle',
    (name) => {
      for (const talk of fixtureTalks(name)) {
        const events = eventsOf(talk);
        const usual = entriesOf(protocols, events).length;
        expect(entriesOf(protocols, events, { fromStart: false })).toHaveLength(usual);
        if (events.length < 8) continue;
        const late = entriesOf(protocols, events.slice(events.length >> 1), { fromStart: false });
        expect(late.length).toBeGreaterThan(0);
        // Media types of calls may have been said before, in the tables of header compression.
        const allowed = name === 'grpc' ? /^(gRPC|HTTP\/2)$/ : expected[name]!;
        for (const { protocol } of late) expect(protocol.abbr).toMatch(allowed);
      }
    },
  );
});

/** Entries without what depends on the connection. */
function lasting(entries: readonly Entry[]): unknown[] {
  return entries.map((entry) => {
    const { src: _src, dst: _dst, ...rest } = timeless(entry);
    return rest;
  });
}
