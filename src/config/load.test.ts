import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadOptions, loadConfig } from './load.ts';
import { schema } from './schema.ts';

let home: string;
let file: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'mizu-config-'));
  mkdirSync(join(home, '.mizu'));
  file = join(home, '.mizu', 'config.yaml');
});
afterAll(() => rmSync(home, { recursive: true }));

interface Given extends Partial<Omit<LoadOptions, 'environment'>> {
  readonly yaml?: string;
  readonly environment?: Record<string, string>;
}

function load({ yaml, environment, ...options }: Given = {}) {
  rmSync(file, { force: true });
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig({ command: 'tap', ...options, environment: { HOME: home, ...environment } });
}

describe('the order of layers', () => {
  const yaml = 'tap:\n  gui-port: 1001\n';
  const environment = { MIZU_TAP_GUI_PORT: '1002' };
  const sets = ['tap.gui-port=1003'];
  const flags = { 'tap.gui-port': 1004 };

  test.each<[string, Given, number, string]>([
    ['default', {}, 8899, 'default'],
    ['file', { yaml }, 1001, 'config.yaml:2'],
    ['environment over file', { yaml, environment }, 1002, 'MIZU_TAP_GUI_PORT'],
    ['--set over environment', { yaml, environment, sets }, 1003, '--set'],
    ['flag over --set', { yaml, environment, sets, flags }, 1004, '--gui-port'],
  ])('%s', async (_, given, port, from) => {
    const { config, origins, errors } = await load(given);
    expect(errors).toEqual([]);
    expect(config.tap.guiPort).toBe(port);
    expect(origins['tap.gui-port']?.from).toMatch(new RegExp(`${from}$`));
  });

  test('a layer changes only what it names', async () => {
    const { config } = await load({ yaml, sets: ['tap.proxy-host=0.0.0.0'] });
    expect(config.tap.guiPort).toBe(1001);
    expect(config.tap.proxyHost).toBe('0.0.0.0');
    expect(config.view.guiPort).toBe(8899);
  });

  test('the result cannot be changed', async () => {
    const { config } = await load({ sets: ['tapper.affinity.podAffinity.a=[1]'] });
    expect(() => Object.assign(config.tap, { guiPort: 1 })).toThrow();
    expect(() => Object.assign(config.tapper.affinity['podAffinity']!, { b: 1 })).toThrow();
    // The declaration's own defaults are shared by all who load.
    expect(schema.tap.children['gui-port'].default).toBe(8899);
  });
});

describe('the file', () => {
  test('has values of every type', async () => {
    const yaml = [
      'tap:',
      '  namespaces: [shop, payments]',
      '  max-entries-db-size: 1GB',
      '  body-limit: 2048',
      '  lease: 90',
      '  all-namespaces: true',
      'image: {tag: 1.20}',
      'log-level: WARNING',
      'labels: {team: shop, cost: 12}',
      'tapper:',
      '  tolerations: [{key: a, operator: Exists}]',
      '  affinity:',
      '    nodeAffinity: {x: [1, {y: true}]}',
    ];
    const { config, errors, notices } = await load({ yaml: yaml.join('\n') });
    expect([...errors, ...notices]).toEqual([]);
    expect(config.tap.namespaces).toEqual(['shop', 'payments']);
    expect(config.tap.maxEntriesDbSize).toBe(1e9);
    expect(config.tap.bodyLimit).toBe(2048);
    expect(config.tap.lease).toBe(90_000);
    expect(config.tap.allNamespaces).toBe(true);
    expect(config.image.tag).toBe('1.20');
    expect(config.logLevel).toBe('warn');
    expect(config.labels).toEqual({ team: 'shop', cost: '12' });
    expect(config.tapper.tolerations).toEqual([{ key: 'a', operator: 'Exists' }]);
    expect(config.tapper.affinity).toEqual({ nodeAffinity: { x: [1, { y: true }] } });
  });

  test('an unknown key is named with its line and what may be meant', async () => {
    const { config, errors, notices } = await load({
      yaml: 'tap:\n  gui-prot: 1\n  guiPort: 2\ngui-port: 3\ntap.gui-port: 4\nzzz: 5\n',
    });
    expect(errors).toEqual([]);
    expect(config.tap.guiPort).toBe(8899);
    expect(notices.map((line) => line.replace(file, 'FILE'))).toEqual([
      'FILE:2: there is no setting tap.gui-prot (did you mean tap.gui-port?); it is ignored',
      'FILE:3: there is no setting tap.guiPort (did you mean tap.gui-port?); it is ignored',
      'FILE:4: there is no setting gui-port (did you mean tap.gui-port?); it is ignored',
      'FILE:5: there is no setting tap.gui-port (nest it instead); it is ignored',
      'FILE:6: there is no setting zzz; it is ignored',
    ]);
  });

  test.each([
    ['a wrong type', 'tap:\n  gui-port: high', 'config.yaml:2'],
    ['a value out of range', 'a: 1\ntap: {gui-port: 70000}', 'port number, 0 to 65535'],
    ['a group that is none', 'tap: 3', 'tap must be a group'],
    ['a list where one value belongs', 'tap: {gui-port: [1]}', 'expected a port number'],
    ['broken YAML', 'tap:\n  x: [1', 'config.yaml:2'],
    ['a key twice', 'tap: {regex: a, regex: b}', 'unique'],
    ['something else altogether', '- 1', 'the file must be a group'],
    [
      'a size too small',
      'tap: {max-entries-db-size: 1kB}',
      'Could not parse --max-entries-db-size value 1kB',
    ],
  ])('%s is an error that says how to start anew', async (_, yaml, detail) => {
    const { config, errors } = await load({ yaml });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^invalid config, /);
    expect(errors[0]).toContain(detail);
    expect(errors[0]).toContain(
      `you can regenerate the file by removing it (${file}) and using \`mizu config -r\``,
    );
    expect(config.tap.guiPort).toBe(8899);
  });

  test('a value that was left empty is not set', async () => {
    const { config, errors, notices } = await load({ yaml: 'tap:\n  gui-port:\nlabels:\nview:\n' });
    expect([...errors, ...notices]).toEqual([]);
    expect(config.tap.guiPort).toBe(8899);
  });

  test('anchors work, bombs of them do not', async () => {
    const good = await load({
      yaml: 'api-server:\n  node-selector: &here {zone: a}\ntapper:\n  node-selector: *here\n',
    });
    expect(good.config.tapper.nodeSelector).toEqual({ zone: 'a' });
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0 ? '  a0: &a0 [x]' : `  a${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`,
    );
    const bomb = await load({ yaml: `tapper:\n  affinity:\n  ${levels.join('\n  ')}\n` });
    expect(bomb.errors).toHaveLength(1);
  });

  test('a missing one matters only when it was named', async () => {
    expect((await load()).errors).toEqual([]);
    const missing = join(home, 'none.yaml');
    for (const given of [
      { configPath: missing },
      { sets: [`config-path=${missing}`] },
      { environment: { MIZU_CONFIG_PATH: missing } },
    ]) {
      const { errors, configPath } = await load(given);
      expect(configPath).toBe(missing);
      expect(errors.join()).toContain(`invalid config, there is no file ${missing}`);
    }
  });

  test('another one is read when it is named', async () => {
    const other = join(home, 'other.yaml');
    writeFileSync(other, 'tap: {gui-port: 7}');
    const { config } = await load({ yaml: 'tap: {gui-port: 6}', configPath: '~/other.yaml' });
    expect(config.tap.guiPort).toBe(7);
    expect(config.configPath).toBe(other);
  });

  test('a folder is no file', async () => {
    expect((await load({ configPath: home })).errors[0]).toContain('is a folder');
  });
});

describe('the environment', () => {
  test('has values of every type; an empty one is not set', async () => {
    const { config, errors, notices } = await load({
      environment: {
        MIZU_TAP_NAMESPACES: 'a, b',
        MIZU_TAP_ALL_NAMESPACES: '1',
        MIZU_LABELS: 'team=shop,tier=db',
        MIZU_TAPPER_AFFINITY: '{podAffinity: {a: 1}}',
        MIZU_TAP_GUI_PORT: '',
        MIZU_TOKEN: 'secret',
        API_SERVER_TIMEOUT_SEC: '60',
      },
    });
    expect([...errors, ...notices]).toEqual([]);
    expect(config.tap.namespaces).toEqual(['a', 'b']);
    expect(config.tap.allNamespaces).toBe(true);
    expect(config.labels).toEqual({ team: 'shop', tier: 'db' });
    expect(config.tapper.affinity).toEqual({ podAffinity: { a: 1 } });
    expect(config.tap.guiPort).toBe(8899);
    expect(config.token).toBe('secret');
    expect(config.apiServer.startTimeout).toBe(60_000);
  });

  test('a bad value names its variable, an unknown variable what may be meant', async () => {
    const { errors, notices } = await load({
      environment: { MIZU_TAP_GUI_PORT: 'x', MIZU_TAP_GUI_PROT: '1', MIZU_DEBUG: '1' },
    });
    expect(errors).toEqual([
      'invalid value x for tap.gui-port, expected a port number, 0 to 65535 (0: any free port) (MIZU_TAP_GUI_PORT)',
    ]);
    expect(notices).toEqual([
      'MIZU_TAP_GUI_PROT in the environment is no setting (did you mean MIZU_TAP_GUI_PORT?); it is ignored',
    ]);
  });

  test('what Kubernetes sets for a service named mizu-api-server is no configuration', async () => {
    const { config, errors, notices } = await load({
      environment: {
        MIZU_API_SERVER_SERVICE_HOST: '10.43.0.7',
        MIZU_API_SERVER_SERVICE_PORT: '81',
        MIZU_API_SERVER_SERVICE_PORT_API: '81',
        MIZU_API_SERVER_PORT: 'tcp://10.43.0.7:81',
        MIZU_API_SERVER_PORT_80_TCP_ADDR: '10.43.0.7',
      },
    });
    expect([...errors, ...notices]).toEqual([]);
    expect(config.apiServer.servicePort).toBe(80);
    expect(config.apiServer.port).toBe(8899);
  });
});

describe('settings without effect', () => {
  test('dead ones are named in one line, whatever their form', async () => {
    const { errors, notices } = await load({
      yaml: 'telemetry: maybe\ntap: {upload-interval: [1]}',
      flags: { 'tap.analysis': true },
    });
    expect(errors).toEqual([]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /^telemetry \(.*:1\), tap.upload-interval \(.*:2\), tap.analysis \(--analysis\) no longer do anything$/,
    );
  });

  test('one alone says why', async () => {
    const { notices } = await load({ sets: ['telemetry=false'] });
    expect(notices).toEqual([
      'telemetry (--set) no longer does anything: Mizu reports nothing to anybody',
    ]);
  });

  test('coming ones are named when they ask for something', async () => {
    expect((await load({ sets: ['tap.tls=true'] })).notices).toEqual([
      'tap.tls (--set) is not built yet and does nothing',
    ]);
    expect((await load({ sets: ['tap.tls=false'] })).notices).toEqual([]);
  });

  test('a file with old settings does not get in the way of other commands', async () => {
    const yaml = 'telemetry: true';
    expect((await load({ yaml, command: 'install' })).notices).toHaveLength(1);
    expect((await load({ yaml, command: 'view' })).notices).toEqual([]);
    expect((await load({ command: 'view', sets: ['telemetry=true'] })).notices).toHaveLength(1);
  });
});

describe('other ways to say it', () => {
  test('no-redact is the opposite of redact', async () => {
    const off = await load({ yaml: 'tap: {no-redact: true}' });
    expect(off.config.tap.redact).toBe(false);
    expect(off.origins['tap.redact']?.from).toBe(`${file}:1`);
    const on = await load({ yaml: 'tap: {no-redact: true}', flags: { 'tap.redact': true } });
    expect(on.config.tap.redact).toBe(true);
  });

  test('oas was a switch before it was a group', async () => {
    expect((await load({ yaml: 'oas: true' })).config.oas.enabled).toBe(true);
    expect((await load({ sets: ['oas=true'] })).config.oas.enabled).toBe(true);
    expect((await load({ yaml: 'oas: {enabled: true}' })).config.oas.enabled).toBe(true);
  });
});

test('secrets are in no message', async () => {
  const { errors, notices } = await load({
    yaml: 'token: [hush]\nauth: {token: hush}',
    environment: { MIZU_API_SERVER_ENV: 'hush' },
  });
  expect(errors).toHaveLength(2);
  expect([...errors, ...notices].join()).not.toContain('hush');
});

test('no file, variable or argument makes it throw', async () => {
  const words = [
    'tap',
    'labels',
    'oas',
    '__proto__',
    'constructor',
    'tap.regex',
    '=',
    ',',
    ':',
    '{',
    '[',
    '*a',
    '&a',
    '\n  ',
  ];
  const piece = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 }));
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(text, { maxLength: 3 }), text, async (yaml, sets, value) => {
      const loaded = await load({
        yaml,
        sets,
        environment: { MIZU_LABELS: value, MIZU_TAPPER_AFFINITY: value },
      });
      expect(loaded.config.tap.guiPort).toBe(8899);
    }),
    { numRuns: 200 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});
