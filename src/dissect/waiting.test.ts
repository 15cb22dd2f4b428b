import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exchange } from './exchange.ts';
import { maxWaiting, WaitingList } from './waiting.ts';

function exchangeOf(key: number, barrier = false): Exchange {
  const exchange = new Exchange();
  exchange.key = key;
  exchange.barrier = barrier;
  return exchange;
}

/** Exchanges that count how often somebody looks at their key. */
function watched(count: number) {
  const looks = { count: 0 };
  const list = new WaitingList();
  for (let key = 1; key <= count; key++) {
    const exchange = new Exchange();
    Object.defineProperty(exchange, 'key', {
      get() {
        looks.count++;
        return key;
      },
    });
    list.push(exchange);
  }
  return { list, looks };
}

test.each([
  ['from the newest to the oldest', (i: number) => maxWaiting - i],
  ['in order', (i: number) => i + 1],
  ['in a wild order', (i: number) => ((i * 1597) % maxWaiting) + 1],
])('%s: what 4,096 answers cost does not grow with the square', (_name, keyOf) => {
  const { list, looks } = watched(maxWaiting);
  for (let i = 0; i < maxWaiting; i++) {
    const key = keyOf(i);
    expect(list.find(key)?.key).toBe(key);
    expect(list.take(key)?.key).toBe(key);
  }
  expect(list.length).toBe(0);
  expect(looks.count).toBeLessThan(maxWaiting * 20);
});

test('each key gets its oldest, whatever is pushed, taken, removed and shifted', () => {
  const key = fc.integer({ min: 0, max: 60 });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('barrier' as const), key }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('shift' as const), key }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const list = new WaitingList();
      const plain: Exchange[] = [];
      for (const { kind, key: wanted } of steps) {
        const at = plain.findIndex((each) => each.key === wanted && !each.barrier);
        if (kind === 'push' || kind === 'barrier') {
          const exchange = exchangeOf(wanted, kind === 'barrier');
          list.push(exchange);
          plain.push(exchange);
        } else if (kind === 'shift') expect(list.shift()).toBe(plain.shift());
        else if (kind === 'take') {
          expect(list.find(wanted)).toBe(plain[at]);
          expect(list.take(wanted)).toBe(at < 0 ? undefined : plain.splice(at, 1)[0]);
        } else if (at >= 0) {
          // Not always the first one with its key. Nobody removes a barrier.
          const twin = plain.findLastIndex((each) => each.key === wanted && !each.barrier);
          const [gone] = plain.splice(twin, 1);
          list.remove(gone!);
        }
        expect(list.length).toBe(plain.length);
        expect(list.oldest()).toBe(plain[0]);
        expect(list.newest()).toBe(plain.at(-1));
      }
    }),
    { numRuns: 100 },
  );
});
