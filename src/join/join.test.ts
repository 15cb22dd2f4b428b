import { describe, expect, it } from 'vitest';
import { seededRandom } from '../demo/random.ts';
import { Outcome } from '../ship/columns.ts';
import type { JoinOptions } from './contract.ts';
import { Join } from './join.ts';
import { kindOf, type TrafficOptions, traffic } from './simulated-cluster.ts';
import { batchOf, idOf, idText, rowsOf, type Seen, type Shown } from './test-support.ts';

function joinInto(shown: Shown[], options: Partial<JoinOptions> = {}): Join {
  return new Join({ emit: (batch) => shown.push(...rowsOf(batch)), kindOf, ...options });
}

const request = 'GET /cart HTTP/1.1\r\nhost: shop\r\n\r\n';
const response = 'HTTP/1.1 200 OK\r\n\r\nyes';
const front: Seen = {
  node: 1,
  stream: 1,
  counter: 1,
  timeMs: 1_700_000_000_000,
  source: '10.0.0.1:40000',
  destination: '10.96.0.1:80',
  requestSequence: 1000,
  responseSequence: 2000,
  request,
  response,
  waitMs: 5,
};
const behind: Seen = {
  ...front,
  node: 2,
  stream: 7,
  timeMs: front.timeMs + 0.4,
  destination: '10.0.0.9:8080',
};
const pending = (seen: Seen): Seen => ({ ...seen, outcome: Outcome.Pending, response: '' });

describe('a call seen before and behind a service', () => {
  it('is one, from the client to the pod, with the service in front', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([front]), 0);
    join.take(batchOf([behind]), 100);
    join.advance(299);
    expect(shown).toEqual([]);
    join.advance(300);
    expect(shown).toEqual([
      expect.objectContaining({
        id: idText(idOf(front)),
        source: '10.0.0.1:40000',
        destination: '10.0.0.9:8080',
        front: '10.96.0.1:80',
        request,
        response,
        method: 'GET',
        target: '/made',
        sightings: 2,
        otherNodes: [2],
      }),
    ]);
  });

  it('is one also when the other sighting comes long after', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([front]), 0);
    join.advance(300);
    join.take(batchOf([pending(behind)]), 40_000);
    join.take(batchOf([behind]), 40_000);
    join.advance(50_000);
    expect(shown).toHaveLength(1);
    expect(join.counters().late).toBe(2);
  });

  it('is one also when a sighting without an answer is given up at the end of its connection', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([pending(front), pending(behind)]), 0);
    join.take(batchOf([front]), 100);
    join.advance(5000);
    const { responseSequence: _, waitMs: __, ...unanswered } = pending(behind);
    join.take(batchOf([{ ...unanswered, outcome: Outcome.NoResponse, incomplete: 1 }]), 7_200_000);
    join.flush();
    expect(shown.map(({ outcome }) => outcome)).toEqual([Outcome.Pending, Outcome.Ok]);
  });

  it('is one also when the API server was restarted in between', () => {
    const shown: Shown[] = [];
    const before = joinInto(shown);
    before.take(batchOf([front]), 70_000);
    before.flush();
    const join = joinInto(shown);
    expect(join.restore(before.save(), 0)).toBe(true);
    const child = { node: 2, stream: 7, counter: 8, requestSequence: 1200, request: 'message' };
    const { waitMs: _, response: __, responseSequence: ___, ...rest } = behind;
    join.take(batchOf([behind, { ...rest, ...child, parent: idOf(front) }]), 100);
    join.flush();
    expect(shown.map(({ request: text }) => text)).toEqual([request, 'message']);
    expect(joinInto([]).restore(Buffer.from('something else'), 0)).toBe(false);
  });

  it('is shown while it waits for its answer, and ends under the same id', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([pending(front)]), 0);
    join.take(batchOf([pending(behind)]), 50);
    expect(shown.map(({ id, outcome }) => [id, outcome])).toEqual([
      [idText(idOf(front)), Outcome.Pending],
    ]);
    // The tapper that saw it first is gone.
    join.take(batchOf([behind]), 9000);
    join.advance(9300);
    expect(shown[1]).toMatchObject({ id: idText(idOf(front)), outcome: Outcome.Ok });
    expect(shown).toHaveLength(2);
  });

  it('on three nodes and twice on one of them names all of them', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    const third: Seen = { ...front, node: 300, stream: 9, timeMs: front.timeMs + 0.2 };
    join.take(batchOf([front, { ...behind, sightings: 2 }, third]), 0);
    join.flush();
    expect(shown).toMatchObject([{ sightings: 4, otherNodes: [2, 300] }]);
  });

  it('keeps the fuller sighting', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([{ ...front, response: 'HTTP/1.1 200 OK\r\n', incomplete: 8 }]), 0);
    join.take(batchOf([behind]), 50);
    join.flush();
    expect(shown).toMatchObject([{ id: idText(idOf(front)), response }]);
  });

  it('waits longer for an answer that one tapper has lost', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([pending(front), pending({ ...behind, counter: 2 })]), 0);
    const { response: _, responseSequence: __, ...unanswered } = front;
    join.take(batchOf([{ ...unanswered, outcome: Outcome.NoResponse, incomplete: 1 }]), 1000);
    join.take(batchOf([{ ...behind, counter: 2 }]), 2000);
    join.advance(2600);
    expect(shown.slice(1)).toMatchObject([{ id: idText(idOf(front)), outcome: Outcome.Ok }]);
  });

  it('is one when one tapper has seen the answer only', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const shown: Shown[] = [];
      const join = joinInto(shown);
      const { request: _, requestSequence: __, waitMs: ___, ...answer } = behind;
      const rows = [
        front,
        { ...answer, timeMs: behind.timeMs + 5, outcome: Outcome.NoRequest },
      ] as const;
      for (const i of order) join.take(batchOf([rows[i]!]), 10);
      join.flush();
      expect(shown).toMatchObject([{ request, response, destination: '10.0.0.9:8080' }]);
    }
  });

  it('with its pods unknown: the address seen later is behind', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown, { kindOf: () => undefined });
    join.take(batchOf([behind, front]), 0);
    join.flush();
    expect(shown).toMatchObject([{ destination: '10.0.0.9:8080', front: '10.96.0.1:80' }]);
  });

  it('joined on its node already: kinds decide which is which', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    join.take(batchOf([{ ...front, front: '10.0.0.9:8080' }]), 0);
    join.flush();
    expect(shown).toMatchObject([{ destination: '10.0.0.9:8080', front: '10.96.0.1:80' }]);
  });
});

it('a request that reaches the other node half a minute late is still the one that was sent', () => {
  const shown: Shown[] = [];
  const join = joinInto(shown);
  const sent: Seen = {
    ...front,
    destination: '10.0.0.9:8080',
    responseSequence: 0,
    response: '',
    outcome: Outcome.NoResponse,
    incomplete: 1,
  };
  join.take(batchOf([sent]), 0);
  join.advance(20_000);
  join.take(batchOf([{ ...sent, node: 2, stream: 7, timeMs: sent.timeMs + 26_800 }]), 27_000);
  join.advance(60_000);
  join.flush();
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
});

describe('two calls', () => {
  it('of one connection are two though they are alike', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    const again = { ...front, counter: 2, timeMs: front.timeMs + 1 };
    join.take(batchOf([front, again]), 0);
    join.flush();
    expect(shown).toHaveLength(2);
  });

  it('with the same sequence number by chance are two', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    const other: Seen = {
      ...behind,
      counter: 9,
      source: '10.0.0.2:50000',
      destination: '10.0.0.8:80',
      responseSequence: 3000,
    };
    join.take(batchOf([pending(front), pending(other)]), 0);
    join.take(batchOf([other]), 20);
    join.take(batchOf([front]), 40);
    join.flush();
    const finals = shown.filter(({ outcome }) => outcome === Outcome.Ok);
    expect(finals.map(({ id }) => id).sort()).toEqual(
      [idText(idOf(front)), idText(idOf(other))].sort(),
    );
    expect(finals.find(({ id }) => id === idText(idOf(front)))?.destination).toBe('10.96.0.1:80');
  });

  it('without sequence numbers are never joined', () => {
    const shown: Shown[] = [];
    const join = joinInto(shown);
    const { requestSequence: _, responseSequence: __, ...plain } = front;
    join.take(batchOf([plain, { ...plain, node: 2 }]), 0);
    join.flush();
    expect(shown).toHaveLength(2);
  });
});

describe('a random cluster', () => {
  const cases: [string, TrafficOptions][] = [
    [
      'every sighting arrives',
      { connections: 1500, sequences: 2 ** 32 - 1e6, loss: 0, clockErrorMs: 4 },
    ],
    [
      'tappers lose rows',
      { connections: 1500, sequences: 2 ** 32 - 1e6, loss: 0.3, clockErrorMs: 4 },
    ],
    [
      'clocks are wrong',
      { connections: 1500, sequences: 2 ** 32 - 1e6, loss: 0.2, clockErrorMs: 3000 },
    ],
    [
      'sequence numbers repeat',
      { connections: 1500, sequences: 200_000, loss: 0.2, clockErrorMs: 4 },
    ],
  ];
  it.each(cases)('shows each call once when %s', (_, options) => {
    for (const seed of [1, 2, 3]) {
      const { calls, arrivals } = traffic(seededRandom(seed), options);
      const shown: Shown[] = [];
      const join = joinInto(shown);
      let startMs = 0;
      let gathered: Seen[] = [];
      for (const { atMs, seen } of arrivals) {
        if (atMs - startMs > 20) {
          if (gathered.length > 0) join.take(batchOf(gathered), startMs);
          gathered = [];
          startMs = atMs;
        }
        gathered.push(seen);
      }
      join.take(batchOf(gathered), startMs);
      join.flush();
      expect(mistakes(calls, shown)).toEqual([]);
      expect(join.waiting).toEqual({ open: 0, final: 0, heldBytes: 0 });
    }
  });
});

type Calls = ReturnType<typeof traffic>['calls'];

/** What a user would notice, in words. */
function mistakes(calls: Calls, shown: readonly Shown[]): string[] {
  const byId = new Map(calls.flatMap((call) => call.ids.map((id) => [id, call.name] as const)));
  const finals = Map.groupBy(
    shown.filter(({ outcome }) => outcome !== Outcome.Pending),
    ({ id }) => byId.get(id) ?? '',
  );
  const ended = new Set([...finals.values()].flat().map(({ id }) => id));
  return [
    ...shown.filter(({ id }) => !ended.has(id)).map(({ id }) => `${id}: waits for ever`),
    ...(finals.get('') ?? []).map(({ id }) => `${id}: the id of nobody`),
    ...calls.flatMap((call) => {
      const [row, ...more] = finals.get(call.name) ?? [];
      if (row === undefined || more.length > 0)
        return `${call.name}: ${row === undefined ? 'not' : 'twice'}`;
      const parent = call.parent && finals.get(call.parent.name)?.[0]?.id;
      return wrongFields(call, row, parent ?? '').map((text) => `${call.name}: ${text}`);
    }),
  ].slice(0, 20);
}

function wrongFields(call: Calls[number], row: Shown, parent: string): string[] {
  const { source, destination, front } = row;
  const frontFits = call.fronts.length === 0 ? front === '' : call.fronts.includes(front);
  return [
    source === call.source ? '' : `from ${source}`,
    destination === call.destination ? '' : `to ${destination}`,
    frontFits ? '' : `in front ${front}`,
    row.parent === parent ? '' : `parent ${row.parent} instead of ${parent}`,
  ].filter((text) => text !== '');
}
