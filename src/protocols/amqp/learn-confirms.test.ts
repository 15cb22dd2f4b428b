/** Publishes and confirms on a channel whose `confirm select` was before the capture. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { client, ProtocolBench, server } from '../test-bench.ts';
import { amqpProtocol } from './index.ts';
import { ConfirmLearner } from './learn-confirms.ts';
import { method, publish } from './test-encode.ts';

type Step = number | 'publish' | { ack: number; multiple?: boolean };

/** Entries of a channel joined in the middle; numbers are ms that go by. */
function entriesAfter(steps: readonly Step[]) {
  const bench = new ProtocolBench([amqpProtocol], {
    fromStart: false,
    finished: false,
  });
  for (const step of steps) {
    if (typeof step === 'number') bench.now += step;
    else if (step === 'publish') bench.feed([client(publish(1, 'e', 'k', 'body'))]);
    else {
      const { ack, multiple = false } = step;
      bench.feed([server(method('basic ack', 1, { deliveryTag: ack, multiple }))]);
    }
  }
  return bench.close().map(({ method: name, outcome, response }) => {
    const tag = (response as { deliveryTag?: number } | undefined)?.deliveryTag;
    return `${name} ${outcome}${tag === undefined ? '' : ` ${tag}`}`;
  });
}

const quiet = 6000;
const round = (tag: number): Step[] => [quiet, 'publish', 3, { ack: tag }];

test('a publisher that pauses twice with nothing on its way is paired from there on', () => {
  const entries = entriesAfter([
    ...(['publish', { ack: 41 }] as const),
    ...round(42),
    ...round(43),
    ...(['publish', 'publish', 'publish', { ack: 45, multiple: true }, { ack: 46 }] as const),
  ]);
  expect(entries.slice(-3)).toEqual([
    'basic publish ok 45',
    'basic publish ok 45',
    'basic publish ok 46',
  ]);
  expect(entries.filter((entry) => entry.startsWith('basic ack'))).toHaveLength(3);
});

test('who publishes without a break is not paired: its confirms stand alone', () => {
  const steps: Step[] = ['publish'];
  for (let tag = 40; tag < 60; tag++) steps.push('publish', 100, { ack: tag });
  const entries = entriesAfter(steps);
  expect(entries.filter((entry) => entry === 'basic publish ok')).toHaveLength(21);
  expect(entries.filter((entry) => entry.startsWith('basic ack no request'))).toHaveLength(20);
});

test('one pause is no proof, nor is a confirm that is not the next', () => {
  for (const steps of [
    [{ ack: 41 }, ...round(42), 'publish', { ack: 43 }],
    [{ ack: 41 }, ...round(43), ...round(44), 'publish', { ack: 45 }],
    [{ ack: 41 }, ...round(42), quiet, 'publish', 'publish', { ack: 43 }, { ack: 44 }],
  ] as Step[][]) {
    const last = entriesAfter(['publish', ...steps]).filter((entry) =>
      /^basic publish/.test(entry),
    );
    expect(new Set(last)).toEqual(new Set(['basic publish ok']));
  }
});

test('a count that is proved wrong is given up: publishes are no longer paired', () => {
  const entries = entriesAfter([
    ...(['publish', { ack: 41 }] as const),
    ...round(42),
    ...round(43),
    ...(['publish', { ack: 50 }, 'publish', { ack: 51 }] as const),
  ]);
  expect(entries.slice(-4)).toEqual([
    'basic publish no response',
    'basic ack no request 50',
    'basic publish ok',
    'basic ack no request 51',
  ]);
});

test('whatever the pace, and however late confirms are within the pause: a count learnt is right', () => {
  const gap = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 4000, max: 12_000 }));
  const call = fc.record({ gap, delay: fc.integer({ min: 0, max: 4900 }) });
  let learnt = 0;
  fc.assert(
    fc.property(fc.array(call, { minLength: 4, maxLength: 40 }), fc.nat(5), (calls, joined) => {
      const events: { at: number; tag: number; isConfirm: boolean }[] = [];
      let at = 0;
      let lastConfirm = 0;
      calls.forEach(({ gap: pause, delay }, i) => {
        at += pause;
        // In order, as brokers mostly confirm.
        lastConfirm = Math.max(lastConfirm, at + delay);
        events.push({ at, tag: i + 1, isConfirm: false });
        events.push({ at: lastConfirm, tag: i + 1, isConfirm: true });
      });
      events.sort((one, other) => one.at - other.at || one.tag - other.tag);
      const learner = new ConfirmLearner();
      let published = 0;
      for (const { at: now, tag, isConfirm } of events) {
        if (!isConfirm) published = tag;
        if (now < (events[joined]?.at ?? 0)) continue;
        if (!isConfirm) learner.published(now);
        else if (learner.confirmed(tag, now)) {
          expect(tag).toBe(published);
          learnt++;
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(learnt).toBeGreaterThan(0);
});
