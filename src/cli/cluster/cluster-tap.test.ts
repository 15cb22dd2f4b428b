/** `mizu tap`, `view`, `clean`, ... against a small Kubernetes API. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type FakeCluster,
  fakeCluster,
  foreignObject,
  ownObject,
  runningPod,
} from '../../cluster/access/test-support.ts';
import { mizu, type World } from '../test-support.ts';

let cluster: FakeCluster;
let folder: string;
let page: Server;
let kubeConfig: string;
beforeEach(async () => {
  cluster = await fakeCluster();
  folder = mkdtempSync(join(tmpdir(), 'mizu-cluster-tap-'));
  kubeConfig = join(folder, 'config');
  writeFileSync(kubeConfig, cluster.kubeConfig);
  page = createServer((_, response) => response.end('the page'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  cluster.forwards.set('mizu-api-server', (page.address() as AddressInfo).port);
  cluster.add(runningPod('cart-1', 'shop', { app: 'cart' }));
  cluster.add(runningPod('db-1', 'shop', { app: 'db' }));
  cluster.add(runningPod('far-1', 'far'));
});
afterEach(async () => {
  page.closeAllConnections();
  page.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
});

function run(words: readonly string[], world: World = {}) {
  return mizu([...words, '--kubeconfig', kubeConfig], world);
}

const limitLine =
  'Mizu will store up to 200MB of traffic, old traffic will be cleared once the limit is reached.\n';

const mizuObjects = () =>
  [...cluster.objects.values()]
    .filter(({ metadata }) => metadata?.labels?.['app.kubernetes.io/managed-by'] === 'mizu')
    .map(({ kind, metadata }) => `${kind}/${metadata?.name}`);

/** What the cluster does: starts the API server once its pod is created. */
function startServer(): void {
  const timer = setInterval(() => {
    const pod = cluster.objects.get('/api/v1/namespaces/mizu/pods/mizu-api-server');
    if (pod === undefined) return;
    clearInterval(timer);
    const { metadata, ...running } = runningPod('mizu-api-server', 'mizu');
    cluster.update({ ...pod, ...running, metadata: { ...metadata, ...pod.metadata } });
  }, 50);
}

describe('mizu tap --dry-run', () => {
  test("lists the pods of the kubeconfig's namespace and makes nothing", async () => {
    const { stdout, exitCode } = await run(['tap', '--dry-run']);
    expect(stdout).toBe(`${limitLine}Tapping pods in namespaces "shop"\n+cart-1\n+db-1\n`);
    expect(exitCode).toBe(0);
    expect(mizuObjects()).toEqual([]);
  });

  test.each([
    [['-A'], 'all namespaces', ['cart-1', 'db-1', 'far-1']],
    [['-n', 'far', '-n', 'shop', 'far|db'], 'namespaces "far", "shop"', ['db-1', 'far-1']],
    [['-l', 'app=cart'], 'namespaces "shop"', ['cart-1']],
    [['--workload', 'pod/db-1'], 'namespaces "shop"', ['db-1']],
  ])('%j', async (words, place, pods) => {
    const { stdout } = await run(['tap', '--dry-run', ...words]);
    expect(stdout).toContain(`Tapping pods in ${place}\n`);
    expect(stdout.match(/(?<=\+).+/g)?.sort()).toEqual(pods);
  });

  test('says what to do when there is no pod yet', async () => {
    const { stdout } = await run(['tap', '--dry-run', 'nothing']);
    expect(stdout).toContain('will automatically tap matching pods if any are created later');
    expect(stdout).toContain('-n');
  });

  test('prints every object as YAML, and nothing else', async () => {
    const { stdout } = await run(['tap', '--dry-run', '-o', 'yaml']);
    const kinds = stdout.split('---\n').map((text) => parse(text)?.kind);
    expect(kinds).toEqual(expect.arrayContaining(['Namespace', 'Lease', 'Pod', 'DaemonSet']));
    expect(mizuObjects()).toEqual([]);
  });
});

describe('a mistake ends before anything is made', () => {
  test.each([
    [['['], 2, '[ is not a valid regex'],
    [['-l', 'a in'], 2, 'label selector'],
    [['--workload', 'cart'], 2, 'deploy/cart'],
    [['--output', 'jsonl'], 2, '--local'],
    [['--store', '/x'], 2, '--local'],
    [['--context', 'none'], 2, 'it has: fake'],
  ])('%j', async (words, expected, hint) => {
    const { exitCode, stderr } = await run(['tap', ...words]);
    expect(exitCode).toBe(expected);
    expect(stderr).toContain(hint);
    expect(mizuObjects()).toEqual([]);
  });
});

describe('mizu tap', () => {
  test('shows the page, names pods as they come and go, and leaves nothing', async () => {
    const ending = new AbortController();
    startServer();
    const done = run(['tap', '--gui-port', '0'], {
      signal: ending.signal,
      environment: { MIZU_TOKEN: 'mine', DISPLAY: ':0' },
      isTTY: true,
      // The page is there: pods change, somebody looks, Ctrl-C.
      onOpen: async (address) => {
        const { port } = new URL(address);
        expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe('the page');
        cluster.add(runningPod('cart-2', 'shop'));
        cluster.remove(runningPod('db-1', 'shop'));
        setTimeout(() => ending.abort(), 300);
      },
    });
    const { stdout, exitCode, opened } = await done;
    const plain = stripVTControlCharacters(stdout);
    expect(plain.replace(/:\d+\//, ':PORT/')).toBe(
      `${limitLine}Tapping pods in namespaces "shop"\n+cart-1\n+db-1\nWaiting for Mizu Agent to start...\n` +
        'Mizu is available at http://localhost:PORT/?token=mine\n+cart-2\n-db-1\nRemoving mizu resources\n',
    );
    expect(stdout).toContain('\u001b[32m+cart-1\u001b[0m');
    expect(opened).toHaveLength(1);
    expect(exitCode).toBe(0);
    expect(mizuObjects()).toEqual([]);
  });

  test('says what is wrong and takes back what it made', async () => {
    cluster.intercept = (request) =>
      request === 'POST /apis/apps/v1/namespaces/mizu/daemonsets'
        ? { status: 403, body: { message: 'User "joe" cannot create resource "daemonsets"' } }
        : undefined;
    const { stdout, stderr, exitCode } = await run(['tap', '--gui-port', '0']);
    expect(stderr).toContain('Error creating resources: insufficient permissions');
    expect(stderr).toContain('create daemonsets.apps');
    expect(stdout).toContain('Removing mizu resources');
    expect(exitCode).toBe(1);
    expect(mizuObjects()).toEqual([]);
  });

  test("somebody else's running session is named and left alone", async () => {
    const now = new Date().toISOString();
    cluster.add(ownObject('Namespace', 'mizu'));
    cluster.add({
      ...ownObject('Lease', 'mizu-session', 'mizu'),
      spec: { holderIdentity: 'ann@desk', acquireTime: now, renewTime: now },
    } as never);
    const before = mizuObjects();
    const { stderr, exitCode } = await run(['tap', '--gui-port', '0']);
    expect(stderr).toContain('Mizu is already running in this namespace');
    expect(stderr).toContain('ann@desk');
    for (const way of ['mizu view', 'mizu clean', 'mizu-resources-namespace']) {
      expect(stderr).toContain(way);
    }
    expect(exitCode).toBe(1);
    expect(mizuObjects()).toEqual(before);
  });

  test('rights in one namespace: that one is tapped, others are refused', async () => {
    cluster.add(foreignObject('Namespace', 'shop'));
    cluster.allows = ({ namespace }) => namespace !== undefined;
    const refused = await run(['tap', '-n', 'far', '--mizu-resources-namespace', 'shop']);
    expect(refused.stderr).toContain('Not supported mode.');
    const fits = await run(['tap', '--dry-run', '--mizu-resources-namespace', 'shop']);
    expect(fits.stdout).toContain('without names');
    expect(fits.exitCode).toBe(0);
  });
});

describe('mizu view', () => {
  test('says what to do when nothing runs', async () => {
    const { stderr, exitCode } = await run(['view']);
    expect(stderr).toBe(
      'mizu: mizu-api-server service not found, you should run `mizu tap` command first\n',
    );
    expect(exitCode).toBe(1);
  });

  test('prints the token', async () => {
    cluster.add(ownObject('Service', 'mizu-api-server', 'mizu'));
    const data = { token: Buffer.from('secret').toString('base64') };
    cluster.add({ ...ownObject('Secret', 'mizu-secret', 'mizu'), data } as never);
    const { stdout } = await run(['view', '--token']);
    expect(stdout).toBe('secret\n');
  });

  test('finds the one that runs in another namespace', async () => {
    cluster.add(ownObject('Service', 'mizu-api-server', 'team'));
    cluster.add(runningPod('mizu-api-server', 'team', { app: 'mizu-api-server' }));
    const ending = new AbortController();
    const { stdout, stderr } = await run(['view', '-p', '0'], {
      signal: ending.signal,
      isTTY: true,
      environment: { DISPLAY: ':0' },
      onOpen: () => ending.abort(),
    });
    expect(stderr).toContain('it runs in namespace "team"');
    expect(stdout).toContain('Establishing connection to k8s cluster...\n');
    expect(stdout).toMatch(/Mizu is available at http:\/\/localhost:\d+\/\n/);
  });
});

test('mizu clean removes whatever there is', async () => {
  cluster.add(ownObject('Namespace', 'mizu'));
  cluster.add(ownObject('Deployment', 'mizu-api-server', 'mizu'));
  cluster.add(ownObject('ClusterRole', 'mizu-cluster-role'));
  const { stdout, exitCode } = await run(['clean']);
  expect(stdout).toBe('Removing mizu resources\n');
  expect(exitCode).toBe(0);
  expect(mizuObjects()).toEqual([]);
});

describe('mizu logs', () => {
  test('writes a zip of logs, events and the configuration without its secrets', async () => {
    const { 'app.kubernetes.io/managed-by': managed } = ownObject('Pod', 'x').metadata!.labels!;
    cluster.add(
      runningPod('mizu-api-server', 'mizu', { 'app.kubernetes.io/managed-by': managed! }),
    );
    const configPath = join(folder, 'mizu.yaml');
    writeFileSync(configPath, 'token: very-secret\nheadless: true\n');
    const file = join(folder, 'logs.zip');
    const { stdout } = await run(['logs', '-f', file, '--config-path', configPath]);
    expect(stdout).toBe(`You can find the zip file with all logs in ${file}\n`);
    const unzip = (...words: string[]) => execFileSync('unzip', words, { encoding: 'utf8' });
    expect(unzip('-t', file)).toContain('No errors detected');
    expect(unzip('-p', file, 'mizu.mizu-api-server.main.log')).toBe('first line\nlast line\n');
    expect(unzip('-Z1', file)).toContain('mizu_events.log');
    expect(unzip('-p', file, 'config.yaml')).toBe('token: [REDACTED]\nheadless: true\n');
  });

  test('says that there are none', async () => {
    const { stderr } = await run(['logs']);
    expect(stderr).toContain('no mizu pods found in namespace mizu');
  });
});

describe('mizu check', () => {
  test('--pre-tap names each right, and those that are missing', async () => {
    cluster.allows = ({ resource, verb }) => !(resource === 'daemonsets' && verb === 'create');
    const { stdout, exitCode } = await run(['check', '--pre-tap']);
    expect(stdout).toContain('√ can create secrets in namespace "mizu"\n');
    expect(stdout).toContain('✗ cannot create daemonsets.apps in namespace "mizu"\n');
    expect(stdout).toMatch(/Status check results are ✗\n$/);
    expect(exitCode).toBe(1);
  });

  test('a cluster that is too old', async () => {
    cluster.intercept = (request) =>
      request === 'GET /version'
        ? { status: 200, body: { major: '1', minor: '9', gitVersion: 'v1.9.0' } }
        : undefined;
    const { stdout } = await run(['check']);
    expect(stdout).toContain('✗ the cluster runs Kubernetes v1.9.0; Mizu needs 1.21 or newer');
  });
});
