import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { version } from '../../version.ts';
import { type ClusterSettings, defaultSettings } from '../settings.ts';
import { type ClusterObject, clusterObjects } from './index.ts';

const chart = fileURLToPath(new URL('../../../deploy/helm/mizu', import.meta.url));
const isHelmThere = spawnSync('helm', ['version']).status === 0;
const needsHelm = isHelmThere ? '' : ' (skipped: no helm on the PATH)';

/** What a user of the chart has who sets nothing: the chart takes the namespace as it finds it. */
const chartDefaults: ClusterSettings = {
  ...defaultSettings,
  mode: 'install',
  ownsNamespace: false,
};
const secret = {
  token: 'page-token',
  key: 'tapper-key',
  certificate: 'CERTIFICATE\n',
  certificateKey: 'CERTIFICATE KEY\n',
};

/** Objects by kind and name; what says who made them is left out. */
function byName(objects: readonly ClusterObject[]): Record<string, unknown> {
  const text = JSON.stringify(objects)
    .replaceAll('"mizu-helm"', '"somebody"')
    .replaceAll('"mizu-cli"', '"somebody"');
  const known: ClusterObject[] = JSON.parse(text);
  return Object.fromEntries(
    known
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
      .map((object) => [`${object.kind}/${object.metadata.name}`, object]),
  );
}

function render(values: object): ClusterObject[] {
  const output = execFileSync(
    'helm',
    ['template', 'mizu', chart, '-n', 'mizu', '--kube-version', '1.30.0', '--values', '-'],
    { input: JSON.stringify(values), encoding: 'utf8' },
  );
  return parseAllDocuments(output)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

const changed: ClusterSettings = {
  ...chartDefaults,
  namespace: 'observe',
  ownsNamespace: true,
  namePrefix: 'eyes',
  image: {
    registry: 'registry.corp.example:5000',
    repository: 'tools/mizu',
    tag: '7',
    digest: 'sha256:1234',
    pullPolicy: 'Always',
  },
  pullSecrets: ['pull-a', 'pull-b'],
  ports: { service: 8080, http: 9000, tapper: 9001 },
  serviceType: 'NodePort',
  serviceAnnotations: { 'load-balancer': 'internal' },
  labels: { team: 'platform', 'app.kubernetes.io/name': 'other' },
  annotations: { note: 'true', cost: '12' },
  namespaceLabels: { 'pod-security.kubernetes.io/warn': 'baseline', purpose: 'debugging' },
  apiServer: {
    ...chartDefaults.apiServer,
    image: { registry: '', repository: 'server', tag: 'x', digest: '', pullPolicy: 'Never' },
    resources: {
      requests: { cpu: '10m', memory: '64Mi' },
      limits: { cpu: '2', memory: '2Gi', 'ephemeral-storage': '1Gi' },
    },
    nodeSelector: { 'kubernetes.io/os': 'linux', disk: 'fast' },
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    tolerations: [],
    priorityClassName: 'high',
    podSecurityContext: { runAsUser: null, fsGroup: 7, supplementalGroups: [1, 2] },
    containerSecurityContext: { privileged: null, procMount: 'Default' },
    labels: { tier: 'back' },
    annotations: { note: 'pod' },
    env: { NODE_OPTIONS: '--max-old-space-size=200', LOG_LEVEL: 'warn' },
  },
  tapper: {
    ...chartDefaults.tapper,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'pool', operator: 'In', values: ['a', 'b'] }] },
          ],
        },
      },
    },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'infra', effect: 'NoSchedule' }],
    containerSecurityContext: { seccompProfile: { type: 'Unconfined' } },
  },
  apiServerAccount: { create: false, name: 'given' },
  tapperAccount: { create: true, name: 'capture' },
  hostProcesses: true,
  storage: {
    enabled: true,
    className: 'fast',
    sizeBytes: 12_500_000_000,
    accessMode: 'ReadWriteOncePod',
  },
  server: {
    targets: {
      namespaces: ['shop', 'billing'],
      allNamespaces: false,
      regex: '^cart-.*<&>',
      selector: 'a in (b, c)',
      workload: 'deploy/cart',
    },
    maxEntriesDbSizeBytes: 12_000_000_000,
    bodyLimitBytes: 0,
    redact: false,
    ignoredUserAgents: ['kube-probe', '"quoted"'],
    captureFilter: 'tcp port 8080',
    limits: { ...chartDefaults.server.limits, pendingMs: 60_000, messageBytes: 8_000_000 },
    logLevel: 'debug',
  },
};

const cases: Readonly<Record<string, ClusterSettings>> = {
  'everything changed': changed,
  'one namespace, nothing kept': {
    ...chartDefaults,
    clusterWide: false,
    storage: { ...chartDefaults.storage, enabled: false },
  },
  'roles made beforehand': {
    ...chartDefaults,
    createRoles: false,
    tapperAccount: { create: false, name: '' },
  },
};

describe.skipIf(!isHelmThere)(`the Helm chart makes what mizu install makes${needsHelm}`, () => {
  test('with its own values', () => {
    const settings = { ...chartDefaults, secret };
    expect(byName(render({ secret }))).toEqual(byName(clusterObjects(settings)));
  });

  test.each(Object.entries(cases))('%s', (_name, settings) => {
    const { mode: _mode, lease: _lease, ...values } = settings;
    expect(byName(render({ ...values, secret }))).toEqual(
      byName(clusterObjects({ ...settings, secret })),
    );
  });

  test('a secret nobody gave is made, the same in every object', () => {
    const [one] = render({}).filter(({ kind }) => kind === 'Secret');
    const [other] = render({}).filter(({ kind }) => kind === 'Secret');
    const data = (object: ClusterObject | undefined): Record<string, string> =>
      JSON.parse(JSON.stringify(object?.['data'] ?? {}));
    const plain = (text = '') => Buffer.from(text, 'base64').toString();
    expect(plain(data(one)['tls.crt'])).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(plain(data(one)['tls.key'])).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(plain(data(one)['token']).length).toBeGreaterThanOrEqual(43);
    expect(data(one)['key']).not.toEqual(data(other)['key']);
    expect(data(one)['key']).not.toEqual(data(one)['token']);
  });
});

test('the chart has Mizu’s version', () => {
  const { version: chartVersion, appVersion } = parse(readFileSync(`${chart}/Chart.yaml`, 'utf8'));
  expect([chartVersion, appVersion]).toEqual([version, version]);
});
