import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientObject, nodeNames, podsOf, serverObjects } from './shop.ts';
import {
  apply,
  deleteNamespace,
  imageOptions,
  kubeconfig,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  resourcesIn,
  traces,
  until,
} from './support.ts';

describe.skipIf(noCluster !== undefined)(`which pods (${noCluster ?? 'a cluster'})`, () => {
  let shop: string;
  let depot: string;
  /** Names of pods by what they are. */
  const pods: Record<string, string> = {};

  beforeAll(async () => {
    shop = newNamespace('shop');
    depot = newNamespace('depot');
    apply(...serverObjects(shop, 'cart', 1), ...serverObjects(shop, 'cart-old', 1));
    apply(...serverObjects(depot, 'shelf', 1), clientObject(shop, nodeNames()[0]!));
    await until('pods run', () => {
      const all = [...podsOf(shop), ...podsOf(depot)];
      const ready = all.filter(({ status }) => status.phase === 'Running');
      for (const { metadata } of ready) {
        pods[metadata.name.replace(/-[a-z0-9]+-[a-z0-9]{5}$/, '')] = metadata.name;
      }
      return ready.length === 4 || undefined;
    });
  });
  afterAll(() => deleteNamespace(shop, depot));

  async function list(...words: string[]): Promise<{ pods: string[]; output: string }> {
    const run = mizu(['tap', '--dry-run', ...words]);
    expect(await run.ended, run.output).toBe(0);
    const output = stripVTControlCharacters(run.output);
    return { pods: (output.match(/(?<=^\+).+/gm) ?? []).sort(), output };
  }

  test("without options: those of the kubeconfig's namespace", async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mizu-kubeconfig-')), 'config');
    writeFileSync(file, kubectl(['config', 'view', '--raw', '--flatten', '--minify']), {
      mode: 0o600,
    });
    kubectl(['--kubeconfig', file, 'config', 'set-context', '--current', '--namespace', depot]);
    const { pods: found, output } = await list('--kubeconfig', file);
    expect(output).toContain(`Tapping pods in namespaces "${depot}"\n`);
    expect(found).toEqual([pods['shelf']]);
    // The same through the environment, before the administrator's in a list.
    const run = mizu(['tap', '--dry-run'], { KUBECONFIG: `${file}:${kubeconfig}` });
    expect(await run.ended).toBe(0);
    expect(run.output).toContain(`namespaces "${depot}"`);
  });

  test('-n twice, a regular expression, labels, a workload', async () => {
    const both = ['-n', shop, '-n', depot];
    const { pods: all, output } = await list(...both);
    expect(output).toContain(`Tapping pods in namespaces "${shop}", "${depot}"\n`);
    expect(all).toEqual(['cart', 'cart-old', 'client', 'shelf'].map((name) => pods[name]).sort());
    expect((await list(...both, '^(client|shelf)')).pods).toEqual(
      [pods['client'], pods['shelf']].sort(),
    );
    expect((await list(...both, '-l', 'app in (shelf,client)')).pods).toEqual(
      [pods['client'], pods['shelf']].sort(),
    );
    expect((await list(...both, '--workload', 'deploy/cart')).pods).toEqual([pods['cart']]);
    const { pods: none, output: said } = await list('-n', shop, 'nothing-of-this-name');
    expect(none).toEqual([]);
    expect(said).toContain('mizu will automatically tap matching pods if any are created later');
  });

  test('-A: the pods of all namespaces', async () => {
    const { pods: found, output } = await list('-A');
    expect(output).toContain('Tapping pods in all namespaces\n');
    expect(found).toEqual(expect.arrayContaining(Object.values(pods)));
  });

  test('--dry-run makes nothing; its YAML is accepted by the cluster', async () => {
    const { namespace, options } = resourcesIn('dry');
    const words = ['tap', '--dry-run', '-n', shop, ...options, ...imageOptions];
    const listed = mizu(words);
    expect(await listed.ended).toBe(0);
    const printed = mizu([...words, '-o', 'yaml']);
    expect(await printed.ended, printed.output).toBe(0);
    expect(printed.output).toBe(printed.stdout);
    expect(traces(namespace)).toEqual([]);
    // What is in a namespace cannot be tried without it, nor a pod without its account.
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    kubectl(['create', 'serviceaccount', 'mizu-service-account', '-n', namespace]);
    try {
      const tried = kubectl(['apply', '--dry-run=server', '-f', '-'], printed.stdout);
      for (const what of ['pod/mizu-api-server', 'daemonset.apps/', 'lease', 'secret/', 'role']) {
        expect(tried).toContain(what);
      }
    } finally {
      deleteNamespace(namespace);
    }
  });
});
