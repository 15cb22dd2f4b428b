import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MostlyOne } from './mostly-one.ts';

test('holds what a Map holds, in its order', () => {
  const key = fc.integer({ min: 0, max: 4 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set'), key, value: fc.integer() }),
    fc.record({ kind: fc.constant('delete'), key, value: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new Map<number, { value: number }>();
      const one = new MostlyOne<{ value: number }>();
      for (const { kind, key: at, value } of steps) {
        if (kind === 'set') {
          const item = { value };
          map.set(at, item);
          one.set(at, item);
        } else {
          map.delete(at);
          one.delete(at);
        }
        expect(one.values()).toEqual([...map.values()]);
        expect(one.size).toBe(map.size);
        expect(one.oldest()).toBe(map.values().next().value);
        for (let each = 0; each <= 4; each++) expect(one.get(each)).toBe(map.get(each));
      }
    }),
  );
});
