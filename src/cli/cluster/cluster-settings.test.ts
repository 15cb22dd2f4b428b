import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { imageReference } from '../../cluster/objects/index.ts';
import { defaultSettings } from '../../cluster/settings.ts';
import { loadConfig } from '../../config/index.ts';
import { clusterSettings, freshSecret, parseImage } from './cluster-settings.ts';

const facts = {
  mode: 'tap',
  ownsNamespace: true,
  clusterWide: true,
  namespaces: [],
  storage: true,
  secret: { token: '', key: '', certificate: '', certificateKey: '' },
  startedAt: 0,
} as const;

async function settingsWith(...sets: string[]) {
  const loaded = await loadConfig({
    command: 'tap',
    sets,
    environment: { HOME: '/nonexistent' },
  });
  expect(loaded.errors).toEqual([]);
  return clusterSettings(loaded.config, facts);
}

test('a configuration that nobody changed gives the default settings', async () => {
  const { lease, server, ...rest } = await settingsWith();
  const { lease: _lease, server: expected, ...same } = defaultSettings;
  expect(rest).toEqual(same);
  expect(lease.seconds).toBe(300);
  expect(lease.holder).toMatch(/^.+@.+$/);
  expect(server).toEqual({
    ...expected,
    targets: { ...expected.targets, allNamespaces: true },
  });
});

describe('nothing is hard-coded', () => {
  test.each([
    ['agent-image=registry.test:5000/team/mizu', 'registry.test:5000/team/mizu:latest'],
    [
      `agent-image=quay.io/mizu:1@sha256:${'a'.repeat(64)}`,
      `quay.io/mizu@sha256:${'a'.repeat(64)}`,
    ],
    ['image.registry=registry.test:5000', `registry.test:5000/mizu:${defaultSettings.image.tag}`],
    ['image.tag=9', 'mizu:9'],
  ])('%s', async (set, reference) => {
    expect(imageReference((await settingsWith(set)).image)).toBe(reference);
  });

  test('resources, placement and the volume', async () => {
    const settings = await settingsWith(
      'tap.tapper-resources.memory-limit=512Mi',
      'tap.tapper-resources.cpu-limit=',
      'tapper.node-selector={"disk":"fast"}',
      'api-server.image=other:2',
      'tap.max-entries-db-size=1GB',
      'tap.lease=90s',
    );
    expect(settings.tapper.resources.limits).toEqual({ memory: '512Mi' });
    expect(settings.tapper.nodeSelector).toMatchObject({ disk: 'fast' });
    expect(settings.apiServer.image).toEqual(parseImage('other:2', 'IfNotPresent'));
    expect(settings.storage.sizeBytes).toBe(1_500_000_000);
    expect(settings.lease.seconds).toBe(90);
  });
});

describe('the keys of a session', () => {
  test('are new each time; the token may be given', async () => {
    const first = await freshSecret('', 'mizu-api-server.mizu.svc');
    const second = await freshSecret('mine', 'mizu-api-server.mizu.svc');
    expect(second.token).toBe('mine');
    expect(first.token.length).toBeGreaterThan(20);
    expect(first.key).not.toBe(second.key);
    expect(Buffer.from(first.key, 'base64url')).toHaveLength(32);
  });

  test('the certificate is for the name under which tappers reach the API server', async () => {
    const { certificate } = await freshSecret('', 'mizu-api-server.mizu.svc');
    const read = new X509Certificate(certificate);
    expect(read.checkHost('mizu-api-server.mizu.svc')).toBe('mizu-api-server.mizu.svc');
    expect(Date.parse(read.validTo)).toBeGreaterThan(Date.now() + 365 * 86_400_000);
  });
});
