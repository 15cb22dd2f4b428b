import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callShop, openShop, type Shop } from './shop.ts';
import {
  apply,
  deleteNamespace,
  isLong,
  kubeconfigOf,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  type Rights,
  resourcesIn,
  stopAll,
  Tap,
  traces,
  until,
} from './support.ts';

const runs = noCluster === undefined && isLong;

interface Report {
  readonly notices: string[];
}

/** What every namespace has, and what the test made for its user. */
const isGiven = (line: string) => / (default|kube-root-ca\.crt|user-\S+|mizu-tap|code)$/.test(line);

async function expectCalls(tap: Tap, shop: Shop, count: number): Promise<void> {
  await tap.capturing(2);
  callShop(shop, count, { call: 'http://cart' });
  let paths: string[] = [];
  await until(
    () => `${paths.length} of ${count * 2} calls are stored`,
    async () => {
      paths = (await tap.entries('request.path startsWith "/call/"')).map(({ target }) => target);
      return paths.length >= count * 2 || undefined;
    },
    20_000,
  );
  expect(new Set(paths).size).toBe(paths.length);
}

afterEach(stopAll);

describe.skipIf(!runs)('rights in one namespace', () => {
  test.each([
    ['the file tap-one-namespace.yaml', { file: 'tap-one-namespace' }],
    ['an admin of the namespace', { role: 'admin' }],
  ] as [string, Rights][])(
    '%s: tapping works, and what is missing is said once',
    async (_, rights) => {
      const shop = await openShop(newNamespace('rights'));
      const { namespace } = shop;
      try {
        const KUBECONFIG = kubeconfigOf(namespace, rights);
        if ('role' in rights) extraRights(namespace);
        const before = traces(namespace).filter(lasting);
        const tap = await Tap.start(['-n', namespace, '--mizu-resources-namespace', namespace], {
          KUBECONFIG,
        });
        await expectCalls(tap, shop, 25);
        const missing = 'Your rights do not reach the whole cluster';
        expect(tap.output.split(missing)).toHaveLength(2);
        const { notices } = await tap.get<Report>('targets');
        expect(notices.join(' ')).toMatch(/namespace/);
        // Within the namespace there are names.
        const [entry] = await tap.entries('request.path startsWith "/call/"');
        expect(entry).toMatchObject({
          src: { pod: 'client' },
          dst: { service: 'cart', namespace },
        });
        const refused = mizu(
          ['tap', '-n', 'default', '--mizu-resources-namespace', namespace, '--dry-run'],
          { KUBECONFIG },
        );
        expect(await refused.ended).toBe(1);
        expect(refused.output).toContain('Not supported mode.');
        expect(await tap.stop(), tap.output).toBe(0);
        await until(
          () => `nothing of Mizu is left: ${traces(namespace).filter(lasting).join(', ')}`,
          () => traces(namespace).filter(lasting).join() === before.join() || undefined,
        );
      } finally {
        deleteNamespace(namespace);
      }
    },
  );
});

/** The shop's own pods and slices change by themselves. */
const lasting = (line: string) =>
  !isGiven(line) && line.includes('mizu-') && !/ (cart|client)/.test(line);

/** What the role admin lacks: leases are not in it. */
function extraRights(namespace: string): void {
  apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'user-leases', namespace },
    rules: [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
    ],
  });
  kubectl([
    ...['create', 'rolebinding', 'user-leases', '-n', namespace, '--role=user-leases'],
    `--serviceaccount=${namespace}:user-admin`,
  ]);
}

describe.skipIf(!runs)('Pod Security', () => {
  const { namespace, options } = resourcesIn('psa');
  let shop: Shop;
  afterAll(() => deleteNamespace(shop.namespace));
  beforeAll(async () => {
    const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    shop = await openShop(newNamespace('psa', enforce));
  });

  test.each(['restricted', 'baseline'])('pods of a %s namespace are tapped', async (level) => {
    const label = `pod-security.kubernetes.io/enforce=${level}`;
    kubectl(['label', 'namespace', shop.namespace, label, '--overwrite']);
    const tap = await Tap.start(['-n', shop.namespace, ...options]);
    await expectCalls(tap, shop, 25);
    expect(await tap.stop()).toBe(0);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  test('the API server passes restricted; a tapper is never privileged', async () => {
    const printed = mizu(['tap', '--dry-run', '-o', 'yaml', '-n', shop.namespace, ...options]);
    expect(await printed.ended, printed.output).toBe(0);
    const pod = printed.stdout.split('---\n').find((text) => text.includes('kind: Pod\n'))!;
    const moved = pod.replaceAll(namespace, shop.namespace);
    kubectl([
      'label',
      'namespace',
      shop.namespace,
      'pod-security.kubernetes.io/enforce=restricted',
      '--overwrite',
    ]);
    // Its account is not there: the admission of service accounts would refuse first.
    kubectl(['create', 'serviceaccount', 'mizu-service-account', '-n', shop.namespace]);
    expect(kubectl(['apply', '--dry-run=server', '-f', '-'], moved)).toContain('created');
    expect(printed.stdout).not.toMatch(/privileged: true|allowPrivilegeEscalation: true/);
    expect(printed.stdout.match(/readOnlyRootFilesystem: true/g)).toHaveLength(2);
  });
});
