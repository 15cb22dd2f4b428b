import { describe, expect, it } from 'vitest';
import { Outcome } from '../ship/columns.ts';
import { Join } from './join.ts';
import { kindOf } from './simulated-cluster.ts';
import { batchOf, idOf, idText, rowsOf, type Seen, type Shown } from './test-support.ts';

/** What the service takes to answer, ms. */
const answerMs = 30_000;

const asked: Seen = {
  node: 1,
  stream: 1,
  counter: 1,
  timeMs: 1_700_000_000_000,
  source: '10.0.0.1:40000',
  destination: '10.96.0.1:80',
  requestSequence: 1000,
  responseSequence: 2000,
  request: 'GET /report HTTP/1.1\r\nhost: shop\r\n\r\n',
  response: 'HTTP/1.1 200 OK\r\n\r\ndone',
  waitMs: answerMs,
};

/** The same call on the other node, behind the translation. */
const behind: Readonly<Record<string, Partial<Seen>>> = {
  'a ClusterIP': { destination: '10.0.0.9:8080' },
  // The node puts its own address in place of the client's, with a port of its own.
  'a NodePort': { source: '192.168.1.1:51234', destination: '10.0.0.9:8080' },
};

const pending = ({ response: _, waitMs: __, responseSequence: ___, ...seen }: Seen): Seen => ({
  ...seen,
  outcome: Outcome.Pending,
});
const unanswered = (seen: Seen): Seen => ({
  ...pending(seen),
  outcome: Outcome.NoResponse,
  incomplete: 1,
});

interface Case {
  readonly way: string;
  /** The request reaches the other node so much later: it had to be sent again. */
  readonly lateMs: number;
  /** Whose final row comes first, and how much later the other's. */
  readonly first: 'front' | 'behind';
  readonly apartMs: number;
  readonly told: 'both wait' | 'one waits' | 'nobody waits';
}

const cases: Case[] = Object.keys(behind).flatMap((way) =>
  [0.4, 1500, 27_000, 33_000].flatMap((lateMs) =>
    (['front', 'behind'] as const).flatMap((first) =>
      [0, 100, 5000, 20_000].flatMap((apartMs) =>
        (['both wait', 'one waits', 'nobody waits'] as const).map((told) => {
          return { way, lateMs, first, apartMs, told };
        }),
      ),
    ),
  ),
);

function sightings({ way, lateMs }: Case): readonly [front: Seen, behind: Seen] {
  const other = { ...asked, ...behind[way], node: 2, stream: 7, counter: 5 };
  return [
    { ...asked, waitMs: lateMs + answerMs },
    { ...other, timeMs: asked.timeMs + lateMs },
  ];
}

/** Everything that is shown when rows arrive at these times. */
function shownOf(arrivals: readonly (readonly [atMs: number, seen: Seen])[]): Shown[] {
  const shown: Shown[] = [];
  const join = new Join({ emit: (batch) => shown.push(...rowsOf(batch)), kindOf });
  const sorted = arrivals.toSorted(([one], [other]) => one - other);
  for (const [atMs, seen] of sorted) {
    join.advance(atMs - 1);
    join.take(batchOf([seen]), atMs);
  }
  join.advance(1e9);
  join.flush();
  return shown;
}

function finalsOf(shown: readonly Shown[]) {
  return shown.filter(({ outcome }) => outcome !== Outcome.Pending);
}

describe('an answer that comes after half a minute', () => {
  it.each(Object.keys(behind))('is one entry by %s, whoever tells of it first', (way) => {
    const mistakes: unknown[] = [];
    for (const one of cases.filter((each) => each.way === way)) {
      const [front, other] = sightings(one);
      const endMs = one.lateMs + answerMs + 100;
      const arrivals: (readonly [number, Seen])[] = [
        [endMs + (one.first === 'front' ? 0 : one.apartMs), front],
        [endMs + 1 + (one.first === 'front' ? one.apartMs : 0), other],
      ];
      if (one.told !== 'nobody waits') arrivals.push([50, pending(front)]);
      if (one.told === 'both wait') arrivals.push([60 + one.lateMs, pending(other)]);
      const shown = shownOf(arrivals);
      const finals = finalsOf(shown);
      const [final] = finals;
      const isOne =
        finals.length === 1 &&
        final?.response === asked.response &&
        shown.every(({ id }) => id === final?.id);
      if (!isOne) mistakes.push({ ...one, finals: finals.length, rows: shown.length });
    }
    expect(mistakes).toEqual([]);
  });

  it('ends under the id that it was shown with, from the client to the pod', () => {
    const [front, other] = sightings(cases.find(({ way }) => way === 'a NodePort')!);
    const shown = shownOf([
      [50, pending(front)],
      [60, pending(other)],
      [30_100, other],
      [30_200, front],
    ]);
    expect(shown).toMatchObject([
      { id: idText(idOf(front)), outcome: Outcome.Pending },
      {
        id: idText(idOf(front)),
        outcome: Outcome.Ok,
        source: '10.0.0.1:40000',
        destination: '10.0.0.9:8080',
        front: '10.96.0.1:80',
        sightings: 2,
      },
    ]);
  });

  it('that never comes, to a request that had to be sent again: one entry without an answer', () => {
    for (const way of Object.keys(behind)) {
      const [front, other] = sightings({ ...cases[0]!, way, lateMs: 27_000 });
      const shown = shownOf([
        [50, pending(front)],
        [27_050, pending(other)],
        [60_000, unanswered(front)],
        [60_100, unanswered(other)],
      ]);
      expect(finalsOf(shown)).toMatchObject([
        { id: idText(idOf(front)), outcome: Outcome.NoResponse },
      ]);
    }
    // The client had given up before its request reached the pod.
    const [front, other] = sightings({ ...cases[0]!, way: 'a ClusterIP', lateMs: 27_000 });
    const shown = shownOf([
      [10_000, unanswered(front)],
      [27_050, unanswered(other)],
    ]);
    expect(finalsOf(shown)).toHaveLength(1);
  });

  it('of two calls with the same bytes and request number by chance: two entries', () => {
    for (const first of [0, 1]) {
      const [front] = sightings(cases[0]!);
      const stranger: Seen = {
        ...front,
        node: 2,
        stream: 8,
        timeMs: front.timeMs + 5000,
        source: '10.0.0.7:33333',
        destination: '10.0.0.4:9090',
        responseSequence: 777,
      };
      const order = first === 0 ? [front, stranger] : [stranger, front];
      const shown = shownOf([
        [50, pending(front)],
        [5050, pending(stranger)],
        [30_100, order[0]!],
        [35_500, order[1]!],
      ]);
      const finals = finalsOf(shown).map(({ destination }) => destination);
      expect(finals.toSorted()).toEqual([stranger.destination, front.destination]);
    }
  });
});
