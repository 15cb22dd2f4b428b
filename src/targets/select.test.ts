import { describe, expect, test } from 'vitest';
import { compileSelection, selectTargets, type TargetSelection } from './select.ts';
import { pod } from './test-pods.ts';

const replicaSet = { kind: 'ReplicaSet', name: 'cart-5b58', uid: 'rs' };
const pods = [
  pod('shop/cart-5b58-x', {
    labels: { app: 'cart', tier: 'back' },
    owner: replicaSet,
    workload: { kind: 'Deployment', name: 'cart' },
  }),
  pod('shop/web-1', { labels: { app: 'web' } }),
  pod('shop/old-cart', { phase: 'Succeeded' }),
  pod('shop/starting', { phase: 'Pending', addresses: [] }),
  pod('shop/agent', { hostNetwork: true }),
  pod('shop/mizu-api-server-1', { labels: { 'app.kubernetes.io/managed-by': 'mizu' } }),
  pod('shop/tapper-1', { labels: { 'app.kubernetes.io/created-by': 'mizu-cli' } }),
  pod('other/cart-1', { labels: { app: 'cart' } }),
];

function names(selection: Partial<TargetSelection>): string[] {
  const { targets } = selectTargets(pods, { namespaces: [], ...selection });
  return targets.map(({ pod: { namespace, name } }) => `${namespace}/${name}`);
}

function reasons(selection: Partial<TargetSelection>): Record<string, string> {
  const { notTargeted } = selectTargets(pods, { namespaces: [], ...selection });
  return Object.fromEntries(notTargeted.map(({ pod: { name }, reason }) => [name, reason]));
}

describe('targets', () => {
  test('are the running pods of the chosen namespaces, without Mizu’s own', () => {
    expect(names({ namespaces: ['shop'] })).toEqual(['shop/cart-5b58-x', 'shop/web-1']);
    expect(names({ namespaces: ['other', 'shop'] })).toHaveLength(3);
    expect(names({ allNamespaces: true })).toHaveLength(3);
    expect(names({})).toEqual([]);
  });

  test('every other pod has a reason', () => {
    expect(reasons({ namespaces: ['shop'], regex: 'web|old|starting|agent|mizu|tapper' })).toEqual({
      'cart-5b58-x': 'regex',
      'old-cart': 'not-running',
      starting: 'not-running',
      agent: 'host-network',
      'mizu-api-server-1': 'mizu',
      'tapper-1': 'mizu',
      'cart-1': 'namespace',
    });
    const { notTargeted } = selectTargets(pods, { namespaces: ['shop'] });
    const explanation = (name: string) =>
      notTargeted.find((found) => found.pod.name === name)?.explanation;
    expect(explanation('starting')).toBe('It does not run yet.');
    expect(explanation('old-cart')).toBe('It is not running (Succeeded).');
    expect(explanation('agent')).toMatch(/network of its node/);
  });

  test('are chosen by a pattern anywhere in the name', () => {
    expect(names({ allNamespaces: true, regex: 'art' })).toEqual([
      'other/cart-1',
      'shop/cart-5b58-x',
    ]);
    expect(names({ allNamespaces: true, regex: '^cart-\\d$' })).toEqual(['other/cart-1']);
  });

  test('are chosen by labels', () => {
    expect(names({ allNamespaces: true, selector: 'app=cart,tier' })).toEqual(['shop/cart-5b58-x']);
  });

  test('are chosen by workload: the topmost owner, the next, or the pod', () => {
    const of = (...workloads: string[]) => names({ allNamespaces: true, workloads });
    expect(of('deploy/cart')).toEqual(['shop/cart-5b58-x']);
    expect(of('deployments.apps/cart')).toEqual(['shop/cart-5b58-x']);
    expect(of('rs/cart-5b58')).toEqual(['shop/cart-5b58-x']);
    expect(of('sts/cart')).toEqual([]);
    expect(of('deploy/cart,pod/web-1')).toEqual(['shop/cart-5b58-x', 'shop/web-1']);
    expect(of('deploy/cart', 'po/cart-1')).toHaveLength(2);
  });

  test('can be added and taken out one by one', () => {
    const selection = { namespaces: ['shop'], include: ['other/cart-1'], exclude: ['shop/web-1'] };
    expect(names(selection)).toEqual(['other/cart-1', 'shop/cart-5b58-x']);
    expect(reasons(selection)['web-1']).toBe('excluded');
  });

  test.each([
    [{ regex: '(' }, /^The pod regex cannot be used: /],
    [{ regex: 'a(?=b)' }, /^The pod regex cannot be used: /],
    [{ selector: 'app in' }, /^The label selector cannot be used: /],
    [{ workloads: ['cart'] }, /write kind\/name, as in deploy\/cart/],
    [{ workloads: ['deploy/'] }, /write kind\/name/],
  ])('%j is refused with a sentence', (selection, message) => {
    const compiled = compileSelection({ namespaces: [], ...selection });
    expect(compiled.ok ? '' : compiled.message).toMatch(message);
  });
});
