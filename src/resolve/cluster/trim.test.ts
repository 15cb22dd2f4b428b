import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAddress } from '../address.ts';
import { podObject } from './test-support.ts';
import { nodeFact, ownedFact, podFact, serviceFact, sliceFact } from './trim.ts';

describe('objects of the API', () => {
  test('may hold anything', () => {
    const key = fc.constantFrom('metadata', 'spec', 'status', 'uid', 'name', 'labels', 'ports');
    const object = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.anything({ maxDepth: 1 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value')),
      ),
    })).value;
    const readers = [podFact, serviceFact, sliceFact, nodeFact, ownedFact];
    fc.assert(
      fc.property(object, (value) => {
        for (const read of readers) read(value);
        for (const read of readers)
          read({ metadata: { uid: 'u', name: 'n' }, spec: value, status: value });
      }),
      { numRuns: 300 },
    );
  });

  test('keep only what names and targets need', () => {
    const fact = podFact(podObject('cart', { ip: '10.1.0.5', ports: [{ containerPort: 80 }] }));
    expect(JSON.stringify(fact)).not.toMatch(/managedFields|image|kubelet/);
    expect(fact).toMatchObject({ ports: [{ port: 80 }], startedAt: 1_000_000, phase: 'Running' });
  });
});

describe('an address', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0::0001', 'fd00::1'],
    ['[::1]', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['node-1', undefined],
    ['', undefined],
    ['10.0.0.256', undefined],
  ])('%s is written %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });
});
