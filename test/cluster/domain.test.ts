import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callShop, openShop, type Shop } from './shop.ts';
import {
  deleteNamespace,
  image,
  kubectl,
  newNamespace,
  ownCluster,
  resourcesIn,
  Tap,
  traces,
  until,
} from './support.ts';

/** Takes our own cluster down and brings another one up: only when asked for. */
const runs = process.env['MIZU_DOMAIN_TEST'] === '1' && ownCluster !== '';
const domain = 'corp.example';

describe.skipIf(!runs)(`a cluster whose domain is ${domain}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mizu-domain-'));
  const archive = join(folder, 'mizu.tar');
  const { namespace, options } = resourcesIn('domain');
  let shop: Shop;

  beforeAll(async () => {
    run('buildah', ['push', image, `docker-archive:${archive}:${image}`]);
    renew({ CLUSTER_DOMAIN: domain });
    shop = await openShop(newNamespace('domain'));
  });
  afterAll(() => {
    deleteNamespace(shop.namespace);
    renew({ CLUSTER_DOMAIN: 'cluster.local' });
    rmSync(folder, { recursive: true });
  });

  function renew(settings: Readonly<Record<string, string>>): void {
    run(join(ownCluster, 'down'), []);
    run(join(ownCluster, 'up'), [], settings);
    run(join(ownCluster, 'load-image'), [archive]);
  }

  test('tappers find the API server, calls by any name are seen once, with names', async () => {
    const resolver = kubectl([
      'exec',
      '-n',
      shop.namespace,
      'client',
      '--',
      'cat',
      '/etc/resolv.conf',
    ]);
    expect(resolver).toContain(`svc.${domain}`);
    const tap = await Tap.start(['-n', shop.namespace, ...options]);
    await tap.capturing(2);
    callShop(shop, 25, {
      short: 'http://cart',
      whole: `http://cart.${shop.namespace}.svc.${domain}`,
    });
    const entries = await until(
      'calls are stored',
      async () => {
        const found = await tap.entries('http');
        return found.length >= 100 ? found : undefined;
      },
      20_000,
    );
    expect(new Set(entries.map(({ target }) => target)).size).toBe(100);
    expect(entries).toHaveLength(100);
    for (const { src, dst } of entries) {
      expect(src.pod).toBe('client');
      expect(dst).toMatchObject({ service: 'cart', namespace: shop.namespace });
    }
    expect(await tap.stop()).toBe(0);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });
});

function run(command: string, words: readonly string[], settings = {}): void {
  const done = spawnSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, ...settings },
  });
  if (done.status === 0) return;
  throw new Error(`${command} ${words.join(' ')}: ${done.stdout}${done.stderr}${done.error ?? ''}`);
}
