import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callShop, openShop, podsOf, type Shop } from './shop.ts';
import {
  apply,
  deleteNamespace,
  freePort,
  imageOptions,
  isLong,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  ownCluster,
  Page,
  pushToRegistry,
  resourcesIn,
  Session,
  say,
  sleep,
  startKubectl,
  tellLogsOfFailures,
  traces,
  until,
} from './support.ts';

describe.skipIf(noCluster !== undefined)(`mizu install (${noCluster ?? 'a cluster'})`, () => {
  const { namespace, options } = resourcesIn('inst');
  tellLogsOfFailures(namespace);
  let shop: Shop;
  let page: Page;
  let forward: ReturnType<typeof startKubectl>;
  let image: readonly string[] = imageOptions;

  beforeAll(async () => {
    shop = await openShop(newNamespace('inst'));
  });
  afterAll(async () => {
    forward?.process.kill();
    await mizu(['clean', ...options]).ended;
    deleteNamespace(shop.namespace);
  });

  async function install(...words: string[]): Promise<string> {
    const run = mizu(['install', ...options, ...image, ...words]);
    expect(await run.ended, run.output).toBe(0);
    return run.output;
  }
  async function forwardPort(): Promise<void> {
    forward?.process.kill();
    const port = await freePort();
    const service = ['service/mizu-api-server', `${port}:80`];
    forward = startKubectl(['port-forward', '-n', namespace, ...service]);
    forward.output.catch(() => undefined);
    const url = `http://127.0.0.1:${port}`;
    await until('the port is forwarded', () =>
      fetch(url).then(
        () => true,
        () => undefined,
      ),
    );
    page = new Page(url, page?.token ?? '');
  }
  const selection = async () =>
    (await page.get<{ selection: { regex: string; namespaces: string[] } }>('targets')).selection;
  const stored = async (way: string) =>
    (await page.entries(`request.path startsWith "/${way}/"`)).length;
  const serverPod = () =>
    podsOf(namespace).find(
      ({ metadata, status }) =>
        metadata.name.startsWith('mizu-api-server') && status.phase === 'Running',
    )?.metadata.name;

  test('makes everything, says each, and is there for kubectl port-forward', async () => {
    const output = await install('-n', shop.namespace);
    for (const line of [
      `namespace/${namespace} created`,
      'persistentvolumeclaim/mizu-volume-claim created',
      'deployment.apps/mizu-api-server created',
      'Waiting for Mizu server to start...',
      'Installation completed, run `mizu view` to connect to the mizu daemon instance',
    ]) {
      expect(output).toContain(line);
    }
    expect(output).toMatch(/mizu-api-server-\S+ pod is running/);
    await forwardPort();
    // Without the token: the page, which asks for it, and no data.
    const html = await fetch(page.url, { headers: { accept: 'text/html' } });
    expect(await html.text()).toMatch(/<html|token/i);
    expect((await fetch(`${page.url}/api/v1/entries`)).status).toBe(401);
    const shown = mizu(['view', '--token', ...options]);
    expect(await shown.ended, shown.output).toBe(0);
    page = new Page(page.url, shown.stdout.trim());
    await page.capturing(2);
    callShop(shop, 25, { first: 'http://cart' });
    await until('calls are stored', async () => (await stored('first')) === 50 || undefined);
  });

  test.skipIf(!isLong)(
    'a restart keeps what is stored and the targets chosen in the page',
    async () => {
      await page.ask('PUT', 'targets', { namespaces: [shop.namespace], regex: 'cart' });
      kubectl(['rollout', 'restart', 'deployment/mizu-api-server', '-n', namespace]);
      kubectl([
        'rollout',
        'status',
        'deployment/mizu-api-server',
        '-n',
        namespace,
        '--timeout=60s',
      ]);
      await forwardPort();
      expect(await selection()).toMatchObject({ namespaces: [shop.namespace], regex: 'cart' });
      expect(await stored('first')).toBe(50);
      await page.capturing(2);
      callShop(shop, 25, { second: 'http://cart' });
      await until('new calls are stored', async () => (await stored('second')) === 50 || undefined);
    },
  );

  test.skipIf(!isLong)(
    'an upgrade in place: another size, another image; nothing is lost',
    async () => {
      const claim = ['get', 'pvc', 'mizu-volume-claim', '-n', namespace, '-o'];
      const uid = kubectl([...claim, 'jsonpath={.metadata.uid}']);
      if (ownCluster !== '') {
        const reference = pushToRegistry('team/mizu-upgraded');
        image = ['--set', `agent-image=${reference}`];
      }
      const output = await install('--max-entries-db-size', '300MB');
      expect(output).toMatch(/deployment.apps\/mizu-api-server (configured|updated)/);
      expect(kubectl([...claim, 'jsonpath={.metadata.uid}'])).toBe(uid);
      const pod = kubectl(['get', 'pod', serverPod()!, '-n', namespace, '-o', 'json']);
      if (ownCluster !== '') expect(pod).toContain('team/mizu-upgraded');
      await forwardPort();
      expect([await stored('first'), await stored('second')]).toEqual([50, 50]);
      expect(await selection()).toMatchObject({ namespaces: [shop.namespace], regex: 'cart' });
      const { store } = await page.get<{ store: { limitBytes: number } }>('counters');
      expect(store.limitBytes).toBe(300_000_000);
      // The tappers are of the new image, too.
      await until('tappers run anew', () => {
        const format = 'jsonpath={.items[*].spec.containers[*].image}';
        const images = kubectl(['get', 'pods', '-n', namespace, '-o', format]).split(' ');
        const isNew = images.every((one) => image.includes(`agent-image=${one}`));
        return (images.length === 3 && isNew) || undefined;
      });
      await page.capturing(2);
      callShop(shop, 25, { third: 'http://cart' });
      await until('new calls are stored', async () => (await stored('third')) === 50 || undefined);
      const again = await install('--max-entries-db-size', '300MB');
      const changed = again.split('\n').filter((line) => / (configured|created)$/.test(line));
      // Its update strategy is the API server's.
      expect(changed.filter((line) => !line.startsWith('daemonset'))).toEqual([]);
      await sleep(7000);
      await page.capturing(2);
      callShop(shop, 25, { fourth: 'http://cart' });
      await until('new calls are stored', async () => (await stored('fourth')) === 50 || undefined);
    },
  );

  test.skipIf(!isLong)(
    'a store that a newer Mizu wrote is set aside, and said; the server does not crash',
    async () => {
      const format = JSON.stringify({ format: 99, mizu: '99.0.0' });
      const code = `require('node:fs').writeFileSync('/app/data/entries/mizu-store.json', '${format}')`;
      kubectl(['exec', '-n', namespace, serverPod()!, '--', 'node', '-e', code]);
      kubectl(['rollout', 'restart', 'deployment/mizu-api-server', '-n', namespace]);
      const words = ['deployment/mizu-api-server', '-n', namespace, '--timeout=60s'];
      kubectl(['rollout', 'status', ...words]);
      await forwardPort();
      const notice = expect.stringMatching(/written by Mizu 99\.0\.0 in format 99; .* moved to /);
      expect(await page.get('health')).toMatchObject({ status: 'ok', notice });
      expect(await page.get('info')).toMatchObject({ notice });
      expect(await stored('first')).toBe(0);
      await page.capturing(2);
      callShop(shop, 25, { anew: 'http://cart' });
      await until('new calls are stored', async () => (await stored('anew')) === 50 || undefined);
      const pods = kubectl(['get', 'pods', '-n', namespace, '-o', 'json']);
      expect(pods).not.toMatch(/"restartCount": [1-9]/);
      expect(kubectl(['logs', '-n', namespace, serverPod()!])).toContain('set-aside-format-99');
    },
  );

  test.skipIf(!isLong)('mizu view repairs its tunnel; mizu check finds all well', async () => {
    const view = new Session(['view', '--headless', '-p', '0', ...options]);
    await view.ready();
    kubectl(['delete', 'pod', serverPod()!, '-n', namespace, '--wait=false']);
    const startedAt = Date.now();
    await until('the new pod answers through the same tunnel', async () => {
      const old = podsOf(namespace).filter(({ metadata }) => /api-server/.test(metadata.name));
      if (old.length > 1) return undefined;
      return view.get('info').then(
        () => true as const,
        () => undefined,
      );
    });
    say(`mizu view: back after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    expect(await view.stop()).toBe(0);
    await until('check is content', async () => {
      const check = mizu(['check', ...options]);
      return (await check.ended) === 0 || undefined;
    });
  });

  test('mizu clean leaves nothing', async () => {
    forward.process.kill();
    const clean = mizu(['clean', ...options]);
    expect(await clean.ended, clean.output).toBe(0);
    await until(
      () => `nothing is left: ${traces(namespace).join(', ')}`,
      () => traces(namespace).length === 0 || undefined,
    );
  });

  test.skipIf(!isLong)('-o yaml: what kubectl applies runs as well', async () => {
    const printed = mizu([
      'install',
      '-o',
      'yaml',
      ...options,
      ...imageOptions,
      '-n',
      shop.namespace,
    ]);
    expect(await printed.ended, printed.output).toBe(0);
    kubectl(['apply', '-f', '-'], printed.stdout);
    kubectl(['rollout', 'status', 'deployment/mizu-api-server', '-n', namespace, '--timeout=90s']);
    const view = new Session(['view', '--headless', '-p', '0', ...options]);
    await view.ready();
    await view.capturing(2);
    expect(await view.stop()).toBe(0);
    const clean = mizu(['clean', ...options]);
    expect(await clean.ended, clean.output).toBe(0);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  test.skipIf(!isLong)('without a storage class: a plain warning, and no volume', async () => {
    const words = ['-o', 'yaml', '--storage-class', 'mizu-test-none', '-n', shop.namespace];
    const printed = mizu(['install', ...options, ...words]);
    expect(await printed.ended).toBe(0);
    expect(printed.output).toContain('There is no storage class "mizu-test-none"');
    expect(printed.stdout).not.toContain('PersistentVolumeClaim');
  });

  test.skipIf(!isLong || ownCluster === '')('from a registry, with a pull secret', async () => {
    const reference = pushToRegistry('team/mizu-pulled');
    const own = newNamespace('pull', { 'pod-security.kubernetes.io/enforce': 'privileged' });
    try {
      apply(pullSecret(own, reference.split('/')[0]!));
      const [registry, ...rest] = reference.split('/');
      const [repository, tag] = rest.join('/').split(':');
      const run = new Session([
        ...['tap', '--headless', '-p', '0', '-n', shop.namespace],
        ...['--mizu-resources-namespace', own, '--set', `image.registry=${registry}`],
        ...['--set', `image.repository=${repository}`, '--set', `image.tag=${tag}`],
        ...['--set', 'image.pull-secrets=registry-login', '--set', 'image-pull-policy=Always'],
      ]);
      await run.ready();
      await run.capturing(2);
      const pods = JSON.parse(kubectl(['get', 'pods', '-n', own, '-o', 'json'])) as PodList;
      expect(pods.items).toHaveLength(3);
      for (const { spec } of pods.items) {
        expect(spec.imagePullSecrets).toEqual([{ name: 'registry-login' }]);
        expect(spec.containers[0]!.image).toBe(reference);
      }
      const check = mizu([
        ...['check', '--image-pull', '--mizu-resources-namespace', own],
        ...['--set', `agent-image=${reference}`, '--set', 'image.pull-secrets=registry-login'],
      ]);
      expect(await check.ended, check.output).toBe(0);
      expect(await run.stop()).toBe(0);
      const left = traces(own).filter(
        (line) => line.includes('mizu-') && !/Namespace|default$|root-ca/.test(line),
      );
      expect(left.filter((line) => !line.includes('registry-login'))).toEqual([]);
    } finally {
      deleteNamespace(own);
    }
  });
});

interface PodList {
  readonly items: {
    readonly spec: {
      readonly imagePullSecrets?: unknown[];
      readonly containers: { readonly image: string }[];
    };
  }[];
}

function pullSecret(namespace: string, registry: string): unknown {
  const auths = { [registry]: { username: 'mizu', password: 'any' } };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'registry-login', namespace },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
  };
}
