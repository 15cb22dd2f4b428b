import { describe, expect, test } from 'vitest';
import type { TargetedPod, Targets } from '../../../src/serve/api.ts';
import { commonReason, type LineOptions, linesOf, workloadKey } from './lines.ts';

function pod(namespace: string, workload: string, name: string, reason = ''): TargetedPod {
  const explanation = reason === '' ? '' : `Because of ${reason}.`;
  const tapped = reason === '';
  return { namespace, workload, name, node: 'n1', phase: 'Running', tapped, reason, explanation };
}

const pods = [
  pod('shop', 'deployment/cart', 'cart-b'),
  pod('shop', 'deployment/cart', 'cart-a'),
  pod('shop', 'deployment/front', 'front-a', 'regex'),
  pod('shop', '', 'toolbox'),
  pod('data', 'statefulset/kafka', 'kafka-0', 'namespace'),
];
const targets = {
  pods,
  namespaces: [{ name: 'empty', pods: 0, tapped: 0 }],
} as unknown as Targets;

const lines = (changes: Partial<LineOptions> = {}) =>
  linesOf(targets, { shown: 'all', search: '', flipped: new Set(), ...changes }).map((line) =>
    line.kind === 'pod'
      ? `${line.depth} ${line.pod.name}`
      : `${line.name} ${line.tapped}/${line.pods}`,
  );

describe('the tree of targets', () => {
  test('namespaces with something tapped are open, those without pods are listed too', () => {
    expect(lines()).toEqual([
      'data 0/1',
      'empty 0/0',
      'shop 3/4',
      '1 toolbox',
      'deployment/cart 2/2',
      'deployment/front 0/1',
    ]);
  });
  test('what is opened by hand shows its pods in order', () => {
    const flipped = new Set([workloadKey('shop', 'deployment/cart')]);
    expect(lines({ flipped })).toContain('2 cart-a');
    expect(lines({ flipped }).indexOf('2 cart-a')).toBeLessThan(
      lines({ flipped }).indexOf('2 cart-b'),
    );
  });
  test('a search shows what it found, opened, and nothing else', () => {
    expect(lines({ search: 'KAFKA' })).toEqual(['data 0/1', 'statefulset/kafka 0/1', '2 kafka-0']);
  });
  test('only what is not tapped', () => {
    const shown = lines({ shown: 'not tapped' });
    expect(shown).toContain('2 front-a');
    expect(shown).not.toContain('1 toolbox');
  });
});

test('one reason for all is said, several are counted', () => {
  expect(commonReason(pods.filter(({ namespace }) => namespace === 'data'))).toBe(
    'Because of namespace.',
  );
  expect(commonReason(pods)).toBe('2 reasons');
  expect(commonReason(pods.slice(0, 2))).toBe('');
});
