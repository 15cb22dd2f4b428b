import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type ClusterSettings, defaultSettings } from '../settings.ts';
import { clusterObjects } from './index.ts';
import {
  daemonRules,
  fromRules,
  type Permission,
  type PermissionRule,
  userPermissions,
} from './permissions.ts';

const folder = new URL('../../../deploy/permissions/', import.meta.url);

interface RoleDocument {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly PermissionRule[];
}

function rolesOf(file: string): RoleDocument[] {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** `cluster apps daemonsets patch mizu-tapper-daemon-set` */
function line({ scope, group, resource, verb, name = '*' }: Permission): string {
  return `${scope} ${group || 'core'} ${resource} ${verb} ${name}`;
}

function allowedBy(file: string): string[] {
  const permissions = rolesOf(file).flatMap(({ kind, rules }) =>
    fromRules(kind === 'ClusterRole' ? 'cluster' : 'namespace', rules),
  );
  return permissions.map(line);
}

/** Where the namespace is made by the session itself, no role can be waiting in it. */
function neededFor(settings: ClusterSettings): string[] {
  const needed = userPermissions(settings).map((permission) =>
    line(settings.ownsNamespace ? { ...permission, scope: 'cluster' } : permission),
  );
  return withoutCovered(needed);
}

/** A right for every name or for the whole cluster needs no second one for less. */
function withoutCovered(lines: readonly string[]): string[] {
  const all = new Set(lines);
  return [...all].filter((text) => {
    const [scope, group, resource, verb, name] = text.split(' ');
    const larger = [`cluster ${group} ${resource} ${verb} *`];
    if (scope === 'cluster' && name === '*') return true;
    if (name !== '*') {
      larger.push(
        `${scope} ${group} ${resource} ${verb} *`,
        `cluster ${group} ${resource} ${verb} ${name}`,
      );
    }
    return !larger.some((one) => one !== text && all.has(one));
  });
}

const tap = defaultSettings;
const install: ClusterSettings = { ...tap, mode: 'install' };
const files: Readonly<Record<string, ClusterSettings>> = {
  'tap-all-namespaces.yaml': tap,
  'tap-all-namespaces-given-namespace.yaml': { ...tap, ownsNamespace: false },
  'tap-one-namespace.yaml': { ...tap, ownsNamespace: false, clusterWide: false },
  'tap-one-namespace-without-roles.yaml': {
    ...tap,
    ownsNamespace: false,
    clusterWide: false,
    createRoles: false,
    apiServerAccount: { create: false, name: '' },
    tapperAccount: { create: false, name: '' },
  },
  'install-all-namespaces.yaml': install,
  'install-one-namespace.yaml': { ...install, ownsNamespace: false, clusterWide: false },
};

describe.each(Object.entries(files))('%s', (file, settings) => {
  test('allows exactly what the mode needs', () => {
    expect(allowedBy(file).sort()).toEqual(neededFor(settings).sort());
  });

  test('is bound to no namespace, so that kubectl apply -n chooses it', () => {
    expect(rolesOf(file).map(({ metadata }) => metadata.namespace)).toEqual(
      rolesOf(file).map(() => undefined),
    );
  });
});

test('every permission file is checked', () => {
  const known = [...Object.keys(files), 'view.yaml', 'prepared-one-namespace.yaml'];
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort(),
  ).toEqual(known.sort());
});

test('what is prepared for users without rights to make roles is what Mizu would make', () => {
  const settings = { ...tap, namespace: 'NAMESPACE', ownsNamespace: false, clusterWide: false };
  const made = clusterObjects(settings)
    .filter(({ kind }) => /^(Role|ServiceAccount)/.test(kind))
    .map(({ metadata, ...rest }) => ({ ...rest, metadata: { name: metadata.name } }));
  expect(rolesOf('prepared-one-namespace.yaml')).toEqual(made);
});

test('who only looks needs nothing that changes the cluster but a tunnel', () => {
  const changes = allowedBy('view.yaml').filter((text) => !/ (get|list|watch) /.test(text));
  expect(changes).toEqual(['namespace core pods/portforward create *']);
});

test.each([true, false])('nobody has to grant what he lacks (clusterWide %s)', (clusterWide) => {
  const settings = { ...tap, ownsNamespace: false, clusterWide };
  const own = new Set(userPermissions(settings).map(line));
  for (const object of clusterObjects(settings)) {
    const { kind, rules } = object as unknown as RoleDocument;
    if (kind !== 'Role' && kind !== 'ClusterRole') continue;
    const granted = fromRules(kind === 'Role' ? 'namespace' : 'cluster', rules).map(line);
    expect(granted.filter((text) => !own.has(text))).toEqual([]);
  }
});

test('the API server changes nothing but its own DaemonSet, and removes its own session only', () => {
  const lines = fromRules('namespace', daemonRules(tap)).map(line);
  expect(lines.filter((text) => !/ (get|list|watch) /.test(text))).toEqual([
    'namespace apps daemonsets patch mizu-tapper-daemon-set',
    'namespace apps daemonsets delete mizu-tapper-daemon-set',
    'namespace coordination.k8s.io leases delete mizu-session',
    'namespace core namespaces delete mizu',
  ]);
  const installed = fromRules('namespace', daemonRules(install)).map(line);
  expect(installed.filter((text) => / (delete|create) /.test(text))).toEqual([]);
});
