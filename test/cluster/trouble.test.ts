import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeNames, pinnedServer, podsOf } from './shop.ts';
import {
  apply,
  deleteNamespace,
  imageOptions,
  isLong,
  kubeconfigOf,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  resourcesIn,
  say,
  stopAll,
  Tap,
  traces,
  until,
} from './support.ts';

/** By then the terminal says what is wrong. */
const patienceMs = 20_000;

const noImage = ['--set', 'agent-image=localhost/mizu:there-is-none'];
const noNode = [...imageOptions, '--set', 'api-server.node-selector={"mizu-test":"nowhere"}'];

describe.skipIf(noCluster !== undefined)(
  `what is wrong is said (${noCluster ?? 'a cluster'})`,
  () => {
    const namespaces: string[] = [];
    let shop = '';
    const own = (name: string): string => {
      const namespace = newNamespace(name);
      namespaces.push(namespace);
      return namespace;
    };
    beforeAll(async () => {
      shop = newNamespace('trouble');
      apply(...pinnedServer(shop, 'cart', nodeNames()[0]!));
      await until('a pod runs', () => podsOf(shop)[0]?.status.phase === 'Running' || undefined);
      return () => deleteNamespace(shop);
    });
    afterEach(async () => {
      await stopAll();
      if (namespaces.length > 0) deleteNamespace(...namespaces.splice(0));
    });

    /** Runs to its end; what it said within the time, and that it took everything back. */
    async function fails(
      words: readonly string[],
      pattern: RegExp,
      namespace: string,
      env: Readonly<Record<string, string>> = {},
    ): Promise<string> {
      const before = traces(namespace).filter(isLasting);
      const startedAt = Date.now();
      const run = mizu(words, env);
      await run.says(pattern, patienceMs);
      say(
        `"${pattern.exec(run.output)![0]}": after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
      );
      expect(await run.ended, run.output).toBe(1);
      await until(
        () => `everything is taken back: ${traces(namespace).join(', ')}`,
        () => traces(namespace).filter(isLasting).join() === before.join() || undefined,
      );
      return run.output;
    }

    test('an image that nobody has', async () => {
      const { namespace, options } = resourcesIn('image');
      const words = ['tap', '--headless', '-p', '0', '-n', shop, ...options, ...noImage];
      const output = await fails(
        words,
        /(ErrImagePull|ImagePullBackOff) - .*there-is-none/,
        namespace,
      );
      expect(output).toContain('Removing mizu resources');
      expect(output).toContain('image.tag');
    });

    describe.skipIf(!isLong)('more of it', () => {
      test('an image that nobody has, installed', async () => {
        const { namespace, options } = resourcesIn('image2');
        const words = ['install', ...options, ...noImage];
        const output = await fails(
          words,
          /(ErrImagePull|ImagePullBackOff) - .*there-is-none/,
          namespace,
        );
        expect(output).toContain('Mizu was not installed');
      });

      test('no node that fits', async () => {
        const { namespace, options } = resourcesIn('node');
        const words = ['tap', '--headless', '-p', '0', '-n', shop, ...options, ...noNode];
        const output = await fails(words, /FailedScheduling - .*node/, namespace);
        expect(output).toContain('node-selector');
      });

      test.each([
        ['tap', '0'],
        ['install', '0'],
      ])('a quota that leaves no room: %s', async (command, pods) => {
        const namespace = own('quota');
        apply(quota(namespace, pods));
        const page = command === 'tap' ? ['--headless', '-p', '0'] : [];
        const place = ['-n', shop, '--mizu-resources-namespace', namespace];
        await fails([command, ...page, ...place, ...imageOptions], /exceeded quota/, namespace);
      });

      test('a quota with room for the API server only: tappers are missing, and it goes on', async () => {
        const namespace = own('quota1');
        apply(quota(namespace, '1'));
        const startedAt = Date.now();
        const tap = await Tap.start(['-n', shop, '--mizu-resources-namespace', namespace]);
        await tap.says(/tapper.* does not run: FailedCreate - .*exceeded quota/i, patienceMs);
        say(`a tapper without room: said after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
        expect(await tap.stop()).toBe(0);
        await until('nothing is left', () => {
          const left = traces(namespace).filter((line) => line.includes('mizu-tapper'));
          return left.length === 0 || undefined;
        });
      });

      test('forbidden: a user who may only look', async () => {
        const namespace = own('view');
        const KUBECONFIG = kubeconfigOf(namespace, { role: 'view' });
        const place = ['--mizu-resources-namespace', namespace];
        const words = ['tap', '--headless', '-p', '0', ...place, ...imageOptions];
        const output = await fails(words, /insufficient permissions.*/, namespace, { KUBECONFIG });
        expect(output).toMatch(/create (leases|serviceaccounts|secrets)/);
        const check = mizu(['check', '--pre-tap', ...place], { KUBECONFIG });
        expect(await check.ended).toBe(1);
        expect(check.output).toContain('✗ cannot create secrets');
      });

      test('a namespace whose Pod Security forbids tappers: said, with the reason', async () => {
        const namespace = newNamespace('psa', {
          'pod-security.kubernetes.io/enforce': 'restricted',
        });
        namespaces.push(namespace);
        const startedAt = Date.now();
        const tap = await Tap.start(['-n', shop, '--mizu-resources-namespace', namespace]);
        await tap.says(
          /tapper.* does not run: FailedCreate - .*PodSecurity "restricted/i,
          patienceMs,
        );
        say(`Pod Security: said after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
        // The API server itself runs there.
        expect(kubectl(['get', 'pod', 'mizu-api-server', '-n', namespace])).toContain('Running');
        expect(await tap.stop()).toBe(0);
      });

      test('a kubeconfig that leads nowhere, and one of a cluster that does not answer', async () => {
        const missing = mizu(['tap'], { KUBECONFIG: '/nonexistent/config' });
        expect(await missing.ended).toBe(2);
        expect(missing.output).toContain('/nonexistent/config');
        const startedAt = Date.now();
        const silent = mizu(['tap', '--dry-run', '--kubeconfig', deadKubeconfig()]);
        expect(await silent.ended).toBe(1);
        expect(silent.output).toContain('127.0.0.1:1');
        expect(Date.now() - startedAt).toBeLessThan(patienceMs);
      });
    });
  },
);

/** Events and what controllers add to every namespace come and go by themselves. */
function isLasting(line: string): boolean {
  return !/ (kube-root-ca\.crt|default)$/.test(line);
}

function deadKubeconfig(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'mizu-kubeconfig-')), 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'dead', user: { token: 'none' } }],
    contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'dead' } }],
    'current-context': 'dead',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

function quota(namespace: string, pods: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'small', namespace },
    spec: { hard: { pods } },
  };
}
