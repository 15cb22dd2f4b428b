import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { type ClusterSettings, defaultSettings } from '../settings.ts';
import {
  apiServerSettings,
  type ClusterObject,
  clusterObjects,
  imageReference,
  ownerOf,
  tapperAffinity,
} from './index.ts';

const tap = defaultSettings;
const install: ClusterSettings = { ...tap, mode: 'install' };
const given: ClusterSettings = { ...tap, ownsNamespace: false };
const restricted: ClusterSettings = { ...given, clusterWide: false };

function kinds(settings: ClusterSettings): string[] {
  return clusterObjects(settings).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

function find(settings: ClusterSettings, kind: string): ClusterObject {
  const object = clusterObjects(settings).find((one) => one.kind === kind);
  if (object === undefined) throw new Error(`no ${kind}`);
  return object;
}

function podSpec(settings: ClusterSettings, kind: string): V1PodSpec {
  const spec = find(settings, kind)['spec'] as V1PodSpec & { template?: { spec: V1PodSpec } };
  return spec.template?.spec ?? spec;
}

function container(settings: ClusterSettings, kind: string): V1Container {
  return podSpec(settings, kind).containers[0]!;
}

describe('which objects', () => {
  test('a session with rights everywhere, in the order of creation', () => {
    expect(kinds(tap)).toEqual([
      'Namespace/mizu',
      'Lease/mizu-session',
      'ServiceAccount/mizu-service-account',
      'ServiceAccount/mizu-tapper-service-account',
      'ClusterRole/mizu-cluster-role',
      'ClusterRoleBinding/mizu-cluster-role-binding',
      'Role/mizu-role-daemon',
      'RoleBinding/mizu-role-binding-daemon',
      'Secret/mizu-secret',
      'ConfigMap/mizu-config',
      'Service/mizu-api-server',
      'Pod/mizu-api-server',
      'DaemonSet/mizu-tapper-daemon-set',
    ]);
  });

  test('installed: a deployment with a volume, and no lease', () => {
    const names = kinds(install);
    expect(names).toContain('PersistentVolumeClaim/mizu-volume-claim');
    expect(names).toContain('Deployment/mizu-api-server');
    expect(names.filter((name) => /^(Lease|Pod)\//.test(name))).toEqual([]);
    const withoutClass = { ...install, storage: { ...install.storage, enabled: false } };
    expect(kinds(withoutClass).join()).not.toContain('PersistentVolumeClaim');
    expect(podSpec(withoutClass, 'Deployment').volumes).toContainEqual({
      name: 'data',
      emptyDir: {},
    });
  });

  test('rights in one namespace: nothing outside of it', () => {
    for (const { kind, metadata } of clusterObjects(restricted)) {
      expect(`${kind} in ${metadata.namespace}`).toBe(`${kind} in mizu`);
    }
    expect(kinds(restricted)).toContain('Role/mizu-role');
  });

  test('what was made beforehand is not made again', () => {
    const names = kinds({
      ...given,
      createRoles: false,
      apiServerAccount: { create: false, name: 'given' },
      tapperAccount: { create: false, name: '' },
    });
    expect(names.filter((name) => /Role|Account|Namespace/.test(name))).toEqual([]);
  });

  test('two installations in two namespaces share no cluster-wide name', () => {
    const wide = (settings: ClusterSettings) =>
      clusterObjects(settings)
        .filter(({ metadata }) => metadata.namespace === undefined)
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const other = new Set(wide({ ...tap, namespace: 'observe' }));
    expect(wide(tap).filter((name) => other.has(name))).toEqual([]);
  });
});

describe('going away', () => {
  test('cluster roles go with the namespace of the session', () => {
    const owned = clusterObjects(tap).filter((object) => ownerOf(object, tap) !== undefined);
    expect(owned.map(({ kind }) => kind)).toEqual(['ClusterRole', 'ClusterRoleBinding']);
    for (const object of owned) expect(ownerOf(object, tap)?.kind).toBe('Namespace');
  });

  test('in a namespace that stays, everything goes with the lease or with what the API server removes', () => {
    const config = apiServerSettings(given);
    const removed = new Set([config.lease?.name, config.clusterRole]);
    const left = clusterObjects(given).filter((object) => {
      const owner = ownerOf(object, given);
      return !removed.has(object.metadata.name) && !removed.has(owner?.name);
    });
    expect(left.map(({ kind }) => kind)).toEqual([]);
  });

  test('nothing that is installed goes by itself', () => {
    const settings: ClusterSettings = { ...install, ownsNamespace: false };
    for (const object of clusterObjects(settings)) {
      if (object.kind === 'ClusterRoleBinding') continue;
      expect(ownerOf(object, settings)).toBeUndefined();
    }
    expect(apiServerSettings(settings).lease).toBeNull();
  });

  test('an owner is made before what it owns', () => {
    for (const settings of [tap, given, restricted, install]) {
      const seen = new Set<string>();
      for (const object of clusterObjects(settings)) {
        const owner = ownerOf(object, settings);
        if (owner !== undefined) expect(seen).toContain(`${owner.kind}/${owner.name}`);
        seen.add(`${object.kind}/${object.metadata.name}`);
      }
    }
  });
});

describe('security', () => {
  test('the API server passes the Pod Security level "restricted"', () => {
    for (const [settings, kind] of [
      [tap, 'Pod'],
      [install, 'Deployment'],
    ] as const) {
      const spec = podSpec(settings, kind);
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.securityContext?.runAsUser).not.toBe(0);
      expect(container(settings, kind).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        privileged: false,
        readOnlyRootFilesystem: true,
      });
      expect(spec.hostNetwork).toBeUndefined();
      const allowed = ['configMap', 'secret', 'emptyDir', 'persistentVolumeClaim'];
      for (const { name: _name, ...source } of spec.volumes ?? []) {
        expect(allowed).toContain(Object.keys(source)[0]);
      }
    }
  });

  test('tappers have one capability, and more only for the processes of the node', () => {
    const capabilities = (settings: ClusterSettings) =>
      container(settings, 'DaemonSet').securityContext?.capabilities;
    expect(capabilities(tap)).toEqual({ drop: ['ALL'], add: ['NET_RAW'] });
    expect(JSON.stringify(podSpec(tap, 'DaemonSet'))).not.toContain('hostPath');
    const wider = { ...tap, hostProcesses: true };
    expect(capabilities(wider)?.add).toEqual(['NET_RAW', 'SYS_PTRACE', 'DAC_READ_SEARCH']);
    expect(podSpec(wider, 'DaemonSet').volumes).toContainEqual({
      name: 'processes',
      hostPath: { path: '/proc', type: 'Directory' },
    });
    const mounts = container(wider, 'DaemonSet').volumeMounts;
    expect(mounts?.find(({ name }) => name === 'processes')?.readOnly).toBe(true);
  });

  test('tappers get neither an API token nor the secrets of the page', () => {
    const spec = podSpec(tap, 'DaemonSet');
    expect(spec.automountServiceAccountToken).toBe(false);
    const secret = spec.volumes?.find(({ name }) => name === 'secret')?.secret;
    expect(secret?.items?.map(({ key }) => key)).toEqual(['key', 'tls.crt']);
  });

  test('the namespace admits tappers', () => {
    expect(find(tap, 'Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'privileged',
    });
  });

  test('a field of a security context can be changed, and taken out', () => {
    const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: 5 };
    const settings = { ...tap, apiServer: { ...tap.apiServer, podSecurityContext } };
    const context = podSpec(settings, 'Pod').securityContext ?? {};
    expect(context).toMatchObject({ runAsNonRoot: true, fsGroup: 5 });
    expect(Object.keys(context)).not.toContain('runAsUser');
  });
});

describe('tapperAffinity', () => {
  const onlyPool = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: ['a', 'b'].map((pool) => ({
          matchExpressions: [{ key: 'pool', operator: 'In', values: [pool] }],
        })),
      },
      preferredDuringSchedulingIgnoredDuringExecution: [],
    },
    podAffinity: {},
  };
  const terms = (affinity: ReturnType<typeof tapperAffinity>) =>
    affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

  test('one term for each node', () => {
    expect(terms(tapperAffinity(['node-1', 'node-2'], null))).toEqual(
      ['node-1', 'node-2'].map((node) => ({
        matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }],
      })),
    );
  });

  test('without nodes it fits none: an empty list of terms would be refused', () => {
    expect(terms(tapperAffinity([], onlyPool))).toHaveLength(1);
    expect(terms(tapperAffinity([], null))[0]?.matchExpressions?.[0]?.operator).toBe('Exists');
  });

  test('what the user wants holds on every node', () => {
    const affinity = tapperAffinity(['node-1', 'node-2'], onlyPool);
    expect(terms(affinity)).toHaveLength(4);
    for (const term of terms(affinity)) {
      expect(term.matchExpressions?.[0]?.key).toBe('pool');
      expect(term.matchFields).toHaveLength(1);
    }
    expect(affinity.podAffinity).toEqual({});
    expect(affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution).toEqual([]);
  });
});

describe('images', () => {
  const image = { ...tap.image, registry: 'r:5000', repository: 'a/mizu', tag: '2' };

  test('a digest takes the place of the tag', () => {
    expect(imageReference(image)).toBe('r:5000/a/mizu:2');
    expect(imageReference({ ...image, digest: 'sha256:ab' })).toBe('r:5000/a/mizu@sha256:ab');
    expect(imageReference({ ...image, registry: '' })).toBe('a/mizu:2');
  });

  test('each pod may have its own', () => {
    const settings = { ...tap, image, tapper: { ...tap.tapper, image: { ...image, tag: '3' } } };
    expect(container(settings, 'Pod').image).toBe('r:5000/a/mizu:2');
    expect(container(settings, 'DaemonSet').image).toBe('r:5000/a/mizu:3');
  });
});

describe('settings reach the objects', () => {
  test('no name, namespace or port of the defaults is left when they are changed', () => {
    const settings: ClusterSettings = {
      ...install,
      namespace: 'observe',
      namePrefix: 'eyes',
      ports: { service: 81, http: 9000, tapper: 9001 },
      image: { ...tap.image, repository: 'other/image', tag: '1' },
      apiServerAccount: { create: true, name: 'account-a' },
      tapperAccount: { create: true, name: 'account-b' },
    };
    const text = JSON.stringify(clusterObjects(settings));
    // Mizu's own words: the file's name, the labels' values and the annotation.
    const rest = text.replaceAll(/mizu-config\.json|"mizu(-cli)?"|mizu\/[\w-]+/g, '');
    expect(rest).not.toMatch(/mizu|8899|8898/);
    expect(text).toContain('eyes-api-server.observe.svc:9001');
  });

  test('a changed configuration replaces the API server, a changed key the tappers too', () => {
    const annotations = (settings: ClusterSettings, kind: string) => {
      const spec = find(settings, kind)['spec'] as { template: ClusterObject };
      return spec.template.metadata.annotations;
    };
    const configured = { ...install, server: { ...install.server, redact: false } };
    expect(annotations(configured, 'Deployment')).not.toEqual(annotations(install, 'Deployment'));
    expect(annotations(configured, 'DaemonSet')).toEqual(annotations(install, 'DaemonSet'));
    const keyed = { ...install, secret: { ...install.secret, key: 'other' } };
    expect(annotations(keyed, 'DaemonSet')).not.toEqual(annotations(install, 'DaemonSet'));
  });

  test('labels and annotations are on every object and pod, and break no selector', () => {
    const labels = { app: 'mine', team: 'a' };
    const settings = { ...install, labels, annotations: { note: 'n' } };
    for (const object of clusterObjects(settings)) {
      expect(object.metadata.labels).toMatchObject(labels);
      expect(object.metadata.annotations).toMatchObject({ note: 'n' });
      const { template, selector } = (object['spec'] ?? {}) as {
        template?: ClusterObject;
        selector: { matchLabels: object };
      };
      if (template === undefined) continue;
      expect(template.metadata.labels).toMatchObject({ team: 'a', ...selector.matchLabels });
      expect(template.metadata.annotations).toMatchObject({ note: 'n' });
    }
  });

  test('the configuration that the API server reads says what it has to keep', () => {
    const { data } = find(tap, 'ConfigMap') as unknown as { data: Record<string, string> };
    expect(JSON.parse(data['mizu-config.json'] ?? '')).toEqual({
      mode: 'tap',
      namespace: 'mizu',
      ownsNamespace: true,
      restricted: false,
      daemonSet: 'mizu-tapper-daemon-set',
      service: 'mizu-api-server',
      configMap: 'mizu-config',
      clusterRole: '',
      tapperAffinity: null,
      lease: { name: 'mizu-session', seconds: 300 },
      ports: { http: 8899, tapper: 8898 },
      ...tap.server,
    });
  });
});
