import { describe, expect, test } from 'vitest';
import { environmentName, findSetting, longName, settings } from './schema.ts';
import { suggestPath } from './suggest.ts';

const resources = ['cpu-limit', 'memory-limit', 'cpu-requests', 'memory-requests'];

/** Version 0.24.0 of January 2022. */
const january = [
  ...['upload-interval', 'regex', 'gui-port', 'proxy-host', 'namespaces', 'analysis'],
  ...['all-namespaces', 'regex-masking', 'ignored-user-agents', 'no-redact', 'max-entries-db-size'],
  ...['dry-run', 'workspace', 'traffic-validation-file', 'contract', 'ask-upload-confirmation'],
  ...resources.map((name) => `api-server-resources.${name}`),
  ...resources.map((name) => `tapper-resources.${name}`),
  'service-mesh',
]
  .map((name) => `tap.${name}`)
  .concat(
    ['version.debug', 'view.gui-port', 'view.url', 'logs.file', 'auth.env-name', 'auth.token'],
    ['config.regenerate', 'agent-image', 'kratos-image', 'keto-image', 'image-pull-policy'],
    ['mizu-resources-namespace', 'telemetry', 'dump-logs', 'kube-config-path', 'config-path'],
    ['headless', 'log-level', 'service-map', 'elastic.user', 'elastic.password', 'elastic.url'],
  );

/** What July 2022 had besides. */
const july = [
  ...['request-headers', 'response-headers', 'request-body', 'response-body'].map(
    (name) => `tap.redact-patterns.${name}`,
  ),
  ...['tap.redact', 'tap.redact-patterns.request-query-params', 'tap.insertion-filter', 'tap.tls'],
  ...['tap.profiler', 'tap.max-live-streams', 'check.pre-tap', 'check.pre-install'],
  ...['check.image-pull', 'install.template-url', 'install.template-name', 'install.out'],
  ...['kube-context', 'oas.enabled', 'oas.max-example-len'],
];

describe('the declaration', () => {
  test.each([...january, ...july])('still knows %s of the original', (path) => {
    expect(findSetting(path)?.path).toBe(path);
  });

  test('no two settings share an environment variable', () => {
    const names = settings.flatMap(({ path, setting }) => [
      environmentName(path),
      ...(setting.environment ?? []),
    ]);
    expect(names.length).toBe(new Set(names).size);
  });

  test('no two settings share an option of a command', () => {
    const options = settings.flatMap((located) => {
      const { flag } = located.setting;
      const names = [longName(located), ...(flag?.short === undefined ? [] : [flag.short])];
      return (flag?.commands ?? []).flatMap((command) => names.map((name) => `${command} ${name}`));
    });
    expect(options.length).toBe(new Set(options).size);
    // Those of every command.
    expect(options.filter((option) => / (set|config-path|h|help)$/.test(option))).toEqual([]);
  });

  test('other names are of settings that there are', () => {
    const aliases = settings.flatMap(({ setting }) => setting.alias ?? []);
    expect(aliases.map(({ of }) => findSetting(of)?.setting.status)).toEqual(
      aliases.map(() => 'active'),
    );
  });
});

test.each([
  ['tap.gui-prot', 'tap.gui-port'],
  ['tap.guiport', 'tap.gui-port'],
  ['TAP_GUI_PORT', 'tap.gui-port'],
  ['tap.gui_port', 'tap.gui-port'],
  ['max-entries-db-size', 'tap.max-entries-db-size'],
  ['namspaces', 'tap.namespaces'],
  ['kube-contxt', 'kube-context'],
  ['x', undefined],
])('%s: did you mean %s', (path, meant) => {
  expect(suggestPath(path)).toBe(meant);
});

test('very long words are not compared', () => {
  expect(suggestPath('a'.repeat(100_000))).toBeUndefined();
});
