import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ToyBench } from './toy-bench.ts';
import { maxLive } from './waiting.ts';

const pairs = (bench: ToyBench) =>
  bench.close().map(({ request, response, outcome }) => `${request}>${response} ${outcome}`);

describe('an answer finds its request', () => {
  it('on a connection that asks and waits', () => {
    const bench = new ToyBench().say(0, 'Q1\n').say(1, 'A1\n').say(0, 'Q2\n').say(1, 'A2\n');
    expect(pairs(bench)).toEqual(['Q1>A1 ok', 'Q2>A2 ok']);
  });

  it('when requests are pipelined', () => {
    const bench = new ToyBench().say(0, 'Q1\nQ2\nQ3\n').say(1, 'A1\nA2\n').say(1, 'A3\n');
    expect(pairs(bench)).toEqual(['Q1>A1 ok', 'Q2>A2 ok', 'Q3>A3 ok']);
  });

  it('when it is complete before its request is', () => {
    const bench = new ToyBench().say(0, 'Q').say(1, 'A1\n').say(0, '1\nQ2\n').say(1, 'A2\n');
    expect(pairs(bench)).toEqual(['Q1>A1 ok', 'Q2>A2 ok']);
  });

  it('when it is early, and the batch is full between its request and the row', () => {
    // Together more than the 256 KiB of a batch, each alone less.
    const answer = `A${'1'.repeat(60_000)}`;
    const request = `Q${'2'.repeat(180_000)}`;
    const bench = new ToyBench().say(0, 'Q').say(1, `${answer}\n`);
    bench.writer.flush(true);
    bench.say(0, `${request.slice(1)}\n`);
    expect(pairs(bench)).toEqual([`${request}>${answer} ok`]);
  });

  it('by key, in any order', () => {
    const bench = new ToyBench('key').say(0, 'Q1\nQ2\nQ3\n').say(1, 'A3\nA1\nA2\n');
    expect(pairs(bench)).toEqual(['Q3>A3 ok', 'Q1>A1 ok', 'Q2>A2 ok']);
  });

  it('and a poll that finds nothing leaves no row, not even a pending one', () => {
    const bench = new ToyBench('key').say(0, 'Q1?\nQ2?\nQ3?\nQ4\n');
    bench.writer.flush(true);
    bench.say(1, 'A1-\nA4-\nA2\n').say(1, 'A3-\nA5-\n');
    expect(pairs(bench)).toEqual(['Q4> pending', 'Q4>A4- ok', 'Q2?>A2 ok', '>A5- no request']);
    expect(bench.writer.live).toBe(0);
  });

  it('when the server is heard first, in the middle of a connection', () => {
    const bench = new ToyBench('order', { client: -1 });
    bench.say(1, 'rest of something\n').say(1, 'A0\n').say(0, 'Q1\n').say(1, 'A1\n');
    expect(pairs(bench)).toEqual(['>A0 no request', 'Q1>A1 ok']);
  });

  it('when a request was not recognised before its answer was', () => {
    const bench = new ToyBench().say(0, '?').say(1, 'A1\n').say(0, 'Q2\n').say(1, 'A2\n');
    expect(pairs(bench)).toEqual(['?>A1 ok', 'Q2>A2 ok']);
  });

  it('whatever the cuts, and while batches are sealed in between', () => {
    const cut = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(cut, fc.integer({ min: 1, max: 40 }), (cuts, count) => {
        const bench = new ToyBench();
        const text = Array.from({ length: count }, (_, i) => `Q${i}\n`).join('');
        let at = 0;
        for (let i = 0; at < text.length; i++) {
          const length = cuts[i % cuts.length]!;
          bench.say(0, text.slice(at, at + length));
          at += length;
        }
        bench.writer.flush(true);
        for (let i = 0; i < count; i++) bench.say(1, `A${i}\n`);
        const final = bench.close().filter(({ outcome }) => outcome !== 'pending');
        expect(final.map(({ request, response }) => `${request}${response}`)).toEqual(
          Array.from({ length: count }, (_, i) => `Q${i}A${i}`),
        );
      }),
    );
  });
});

describe('nothing is lost in silence', () => {
  it('a request that waits is shown as pending and completed under the same id', () => {
    const bench = new ToyBench().say(0, 'Q1\n');
    bench.writer.flush(true);
    bench.say(1, 'A1\n');
    const rows = bench.close();
    expect(rows.map(({ outcome, request }) => `${request} ${outcome}`)).toEqual([
      'Q1 pending',
      'Q1 ok',
    ]);
    expect(rows[0]!.id).toBe(rows[1]!.id);
  });

  it('a request is an entry without its answer, an answer without its request', () => {
    const bench = new ToyBench().say(1, 'A0\n').say(0, 'Q1\n');
    expect(pairs(bench)).toEqual(['>A0 no request', 'Q1> no response']);
  });

  it('a lost answer leaves its request unanswered and the next pair right', () => {
    const bench = new ToyBench().say(0, 'Q1\n').lose(1, 3).say(0, 'Q2\n').say(1, 'A2\n');
    expect(pairs(bench)).toEqual(['Q1> no response', 'Q2>A2 ok']);
  });

  it('a lost request leaves its answer alone and the next pair right', () => {
    const bench = new ToyBench().say(0, 'Q1\n').say(1, 'A1\n').lose(0, 3);
    bench.say(1, 'A2\n').say(0, 'Q3\n').say(1, 'A3\n');
    expect(pairs(bench)).toEqual(['Q1>A1 ok', '>A2 no request', 'Q3>A3 ok']);
  });

  it('pipelined: after a loss nothing is paired wrongly until both ends were quiet', () => {
    const bench = new ToyBench().say(0, 'Q1\nQ2\n').say(1, 'A1\n').say(0, 'Q3\n').lose(0, 3);
    bench.say(0, 'Q5\n').say(1, 'A2\nA3\nA4\nA5\n');
    bench.now += 5000;
    bench.say(0, 'Q6\n').say(1, 'A6\n');
    const shown = pairs(bench);
    expect(shown.slice(0, 3)).toEqual(['Q1>A1 ok', 'Q2>A2 ok', 'Q3>A3 ok']);
    expect(shown).toContain('>A4 no request');
    expect(shown).toContain('>A5 no request');
    expect(shown).toContain('Q5> no response');
  });

  it('pipelined without an end: after a loss and a pause answers are found again', () => {
    const bench = new ToyBench().say(0, 'Q1\nQ2\n').say(1, 'A1\n').lose(1, 3);
    for (let i = 3; i < 5000; i++) bench.say(0, `Q${i}\n`).say(1, `A${i}\n`);
    bench.now += 5000;
    bench.say(0, 'Q6000\n').say(1, 'A6000\n');
    const shown = pairs(bench).filter((pair) => pair.endsWith('ok'));
    expect(shown).toEqual(['Q1>A1 ok', 'Q6000>A6000 ok']);
  });

  it('a loss before the client is known to pipeline: no answer goes to another request', () => {
    const bench = new ToyBench().say(0, 'Q0\n').say(1, 'A0\n').lose(0, 3);
    bench.say(0, 'Q2\nQ3\nQ4\n').say(1, 'A1\nA2\nA3\nA4\n');
    bench.now += 5000;
    bench.say(0, 'Q5\n').say(1, 'A5\n');
    const shown = pairs(bench).filter((pair) => pair.endsWith('ok'));
    expect(shown).toEqual(['Q0>A0 ok', 'Q5>A5 ok']);
  });

  it.each([10_000, 40_000])('%i requests at a time: none has the answer of another', (count) => {
    const all = Array.from({ length: count }, (_, i) => i);
    const bench = new ToyBench().say(0, all.map((i) => `Q${i}\n`).join(''));
    bench.say(1, all.map((i) => `A${i}\n`).join(''));
    bench.say(0, `Q${count}\n`).say(1, `A${count}\n`);
    const shown = pairs(bench).filter((pair) => pair.endsWith('ok'));
    expect(shown).toEqual(
      all
        .slice(-maxLive)
        .concat(count)
        .map((i) => `Q${i}>A${i} ok`),
    );
  });

  it('never pairs wrongly, whatever is lost on a connection that waits for each answer', () => {
    const losses = fc.array(fc.constantFrom('none', 'request', 'response', 'both'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(losses, (plan) => {
        const bench = new ToyBench();
        for (const [i, lost] of plan.entries()) {
          if (lost === 'request' || lost === 'both') bench.lose(0, 3);
          else bench.say(0, `Q${i}\n`);
          if (lost === 'response' || lost === 'both') bench.lose(1, 3);
          else bench.say(1, `A${i}\n`);
        }
        const rows = bench.close();
        for (const { request, response, outcome } of rows) {
          if (outcome === 'ok') expect(request.slice(1)).toBe(response.slice(1));
        }
        const whole = plan.filter((lost) => lost === 'none').length;
        expect(rows.filter(({ outcome }) => outcome === 'ok')).toHaveLength(whole);
      }),
    );
  });

  it('bytes that are no message cost only themselves', () => {
    const bench = new ToyBench().say(0, 'Q1\n').say(1, 'A1\n').say(0, 'rubbish\nQ2\n');
    bench.say(1, 'A2\n');
    expect(pairs(bench)[0]).toBe('Q1>A1 ok');
    expect(bench.rows.some(({ request }) => request === 'Q2')).toBe(true);
  });

  it('a connection of no known protocol is counted under what it seems to be', () => {
    const bench = new ToyBench().say(0, '\u0016\u0003\u0001hello');
    bench.say(1, '\u0016\u0003\u0003hello');
    expect(bench.connection.ignored).toBe(true);
    expect([...bench.dissector.counters.notUnderstood]).toEqual([['TLS (encrypted)', 1]]);
  });
});

describe('secrets', () => {
  it('are replaced in what is kept, and texts behind them stay in place', () => {
    const bench = new ToyBench('order', { redact: true }).say(0, 'Q7!\n').say(1, 'A1\n');
    expect(bench.close()[0]!.request).toBe('Q[REDACTED]!');
  });
});
