/** Every setting that says it does something is read by something: none is ignored in silence. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { camel } from '../config/declare.ts';
import { loadConfig, type MizuConfig } from '../config/index.ts';
import { settings } from '../config/schema.ts';
import { clusterSettings } from './cluster/cluster-settings.ts';
import { tapOptions } from './commands/tap-options.ts';

const active = settings
  .filter(({ setting }) => setting.status === 'active')
  .map(({ path }) => path);

/** The configuration, which notes what is read of it, by path as in `tap.guiPort`. */
function watched(value: object, before: string, read: Set<string>): object {
  return new Proxy(value, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof name !== 'string' || !Object.hasOwn(target, name)) return found;
      const path = `${before}${name}`;
      read.add(path);
      const isGroup = typeof found === 'object' && found !== null && !Array.isArray(found);
      return isGroup ? watched(found, `${path}.`, read) : found;
    },
  });
}

async function readPaths(): Promise<Set<string>> {
  const loaded = await loadConfig({ command: 'tap', environment: { HOME: '/nonexistent' } });
  const read = new Set<string>();
  // A proxy may not answer for what is frozen.
  const config = watched(structuredClone(loaded.config), '', read) as MizuConfig;
  tapOptions({ local: true }, { ...loaded, config });
  const settingsOfObjects = clusterSettings(config, {
    mode: 'install',
    ownsNamespace: true,
    clusterWide: true,
    namespaces: [],
    storage: true,
    secret: { token: '', key: '', certificate: '', certificateKey: '' },
    startedAt: 0,
  });
  // Free parts are handed on as they are: whoever writes the objects reads them.
  JSON.stringify(settingsOfObjects);
  return read;
}

/** Read where something is done that a test of this kind must not do: the file, and the words there. */
const readElsewhere: Readonly<Record<string, readonly [file: string, words: string]>> = {
  'tap.namespaces': ['cluster/setup.ts', '{ namespaces } = config.tap'],
  'tap.all-namespaces': ['cluster/setup.ts', 'config.tap.allNamespaces'],
  'tap.dry-run': ['cluster/cluster-tap.ts', 'config.tap.dryRun'],
  'install.output': ['cluster/install.ts', 'config.install.output'],
  'install.storage': ['cluster/install.ts', '{ storage, storageClass } = config.install'],
  'view.gui-port': ['cluster/view.ts', '{ guiPort, proxyHost } = config.view'],
  'view.proxy-host': ['cluster/view.ts', '{ guiPort, proxyHost } = config.view'],
  'view.url': ['cluster/view.ts', 'config.view.url'],
  'view.token': ['cluster/view.ts', 'config.view.token'],
  'logs.file': ['cluster/log-dump.ts', 'config.logs.file'],
  'check.pre-tap': ['cluster/check.ts', '{ preTap, preInstall, imagePull }'],
  'check.pre-install': ['cluster/check.ts', '{ preTap, preInstall, imagePull }'],
  'check.image-pull': ['cluster/check.ts', '{ preTap, preInstall, imagePull }'],
  'version.debug': ['commands/version.ts', 'version.debug'],
  'config.regenerate': ['commands/config.ts', 'regenerate'],
  'config.effective': ['commands/config.ts', 'effective'],
  'kube-config-path': ['cluster/setup.ts', 'config.kubeConfigPath'],
  'kube-context': ['cluster/setup.ts', 'config.kubeContext'],
  'dump-logs': ['cluster/clean.ts', 'config.dumpLogs'],
  'config-path': ['../config/load.ts', 'configPath'],
  'api-server.start-timeout': ['cluster/cluster-tap.ts', 'config.apiServer.startTimeout'],
  'api-server.connect-retries': ['cluster/tunnel.ts', '{ connectRetries } = config.apiServer'],
};

function isReadElsewhere(path: string): boolean {
  const [file, words] = readElsewhere[path] ?? ['', ''];
  return file !== '' && readFileSync(new URL(file, import.meta.url), 'utf8').includes(words);
}

test('every active setting is read', async () => {
  const read = await readPaths();
  const unread = active.filter((path) => !read.has(path.split('.').map(camel).join('.')));
  expect(unread.filter((path) => !isReadElsewhere(path))).toEqual([]);
  // What is read has no place in the list.
  expect(Object.keys(readElsewhere).filter((path) => !unread.includes(path))).toEqual([]);
});
