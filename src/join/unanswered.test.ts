import { beforeEach, describe, expect, it } from 'vitest';
import { Incomplete } from '../dissect/contract.ts';
import { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { Join } from './join.ts';
import { batchOf, idOf, idText, rowsOf, type Seen, type Shown } from './test-support.ts';
import { Unanswered, type UnansweredOptions } from './unanswered.ts';

const asked: Seen = {
  node: 1,
  stream: 1,
  counter: 1,
  timeMs: 1_700_000_000_000,
  source: '10.0.0.1:40000',
  destination: '10.0.0.2:80',
  requestSequence: 1000,
  request: 'GET /slow HTTP/1.1\r\n\r\n',
  outcome: Outcome.Pending,
};
const answered: Seen = { ...asked, outcome: Outcome.Ok, response: 'HTTP/1.1 200 OK\r\n\r\n' };
const other: Seen = { ...asked, counter: 2, request: 'GET /other HTTP/1.1\r\n\r\n' };
const sent = (...rows: Seen[]) => Batch.open(batchOf(rows))!;

let settled: (Shown & { readonly incomplete: number })[] = [];
beforeEach(() => {
  settled = [];
});

function unanswered(options: Partial<UnansweredOptions> = {}): Unanswered {
  return new Unanswered({
    emit: (batch) => {
      const incomplete = batch.columns.incomplete;
      settled.push(...rowsOf(batch).map((row, at) => ({ ...row, incomplete: incomplete[at]! })));
    },
    patienceMs: 10_000,
    ...options,
  });
}

describe('a request that nobody answers', () => {
  it('is settled after its time, with the reason, and only once', () => {
    const waiting = unanswered();
    waiting.take(sent(asked), 0);
    waiting.advance(9000);
    expect(settled).toEqual([]);
    waiting.advance(10_000);
    waiting.advance(30_000);
    expect(settled).toMatchObject([
      {
        id: idText(idOf(asked)),
        outcome: Outcome.NoResponse,
        request: asked.request,
        method: 'GET',
        target: '/made',
        source: '10.0.0.1:40000',
        incomplete: Incomplete.NoResponse | Incomplete.Overdue,
      },
    ]);
    expect(waiting.size).toBe(0);
  });

  it('waits on as long as messages of it come', () => {
    const waiting = unanswered();
    waiting.take(sent(asked), 0);
    const message: Seen = { ...answered, counter: 9, parent: idOf(asked) };
    waiting.take(sent(message), 8000);
    waiting.advance(12_000);
    expect(settled).toEqual([]);
    waiting.advance(18_000);
    expect(settled).toHaveLength(1);
  });

  it('is forgotten when its answer comes in time', () => {
    const waiting = unanswered();
    waiting.take(sent(asked), 0);
    const batch = sent(answered);
    expect(waiting.take(batch, 5000)).toBe(batch);
    waiting.advance(60_000);
    expect(settled).toEqual([]);
  });

  it('has no second end when the answer comes after all', () => {
    const waiting = unanswered();
    waiting.take(sent(asked), 0);
    waiting.advance(10_000);
    const left = waiting.take(sent(answered, { ...other, outcome: Outcome.Ok }), 11_000);
    expect(rowsOf(left!).map(({ request }) => request)).toEqual([other.request]);
    expect(waiting.take(sent(answered), 12_000)).toBeUndefined();
    expect(waiting.late).toBe(2);
  });

  it('takes no more memory than it may: the oldest are left to whoever brings them', () => {
    const waiting = unanswered({ rows: 2 });
    waiting.take(sent(asked, other, { ...other, counter: 3 }), 0);
    expect(waiting.size).toBe(2);
    const few = unanswered({ bytes: 1000 });
    few.take(sent(asked, other, { ...other, counter: 3 }, { ...other, counter: 4 }), 0);
    expect(few.size).toBeLessThan(4);
    waiting.advance(10_000);
    expect(settled.map(({ id }) => id)).not.toContain(idText(idOf(asked)));
  });
});

describe('when a tapper has ended', () => {
  it('the calls that it alone saw are given up; what still comes for them is late', () => {
    const shown: Shown[] = [];
    const waiting = unanswered();
    const join = new Join({
      emit: (batch) => {
        const known = waiting.take(batch, 0);
        if (known !== undefined) shown.push(...rowsOf(known));
      },
    });
    const shared: Seen = { ...other, requestSequence: 7000 };
    join.take(batchOf([asked, shared]), 0);
    join.take(batchOf([{ ...shared, node: 2, timeMs: shared.timeMs + 1 }]), 10);
    // A new tapper on the same node.
    join.take(batchOf([{ ...asked, counter: 5, requestSequence: 9000 }]), 5000);
    const orphans = join.orphans(1, 4000);
    expect(orphans).toEqual([idOf(asked)[1]]);
    waiting.settle(join.giveUp(orphans), Incomplete.TapperGone);
    expect(settled).toMatchObject([{ id: idText(idOf(asked)), outcome: Outcome.NoResponse }]);
    join.take(batchOf([answered]), 6000);
    join.flush();
    expect(join.counters().late).toBe(1);
    expect(join.waiting.open).toBe(2);
  });
});
