import { describe, expect, test } from 'vitest';
import { loadConfig } from './load.ts';

/** A home without a configuration file. */
const environment = { HOME: '/nonexistent' };

function set(...sets: string[]) {
  return loadConfig({ command: 'tap', sets, environment });
}

describe('values', () => {
  test.each<[string[], string, unknown]>([
    [['tap.gui-port=8898'], 'tap.gui-port', 8898],
    [['tap.regex=a=b'], 'tap.regex', 'a=b'],
    [['tap.regex=a,b'], 'tap.regex', 'a,b'],
    [['tap.regex='], 'tap.regex', ''],
    [['tap.all-namespaces=T'], 'tap.all-namespaces', true],
    [['tap.namespaces=a'], 'tap.namespaces', ['a']],
    [['tap.namespaces=a,b'], 'tap.namespaces', ['a', 'b']],
    [['tap.namespaces=a', 'tap.namespaces=b'], 'tap.namespaces', ['a', 'b']],
    [['tap.namespaces=[a, b]'], 'tap.namespaces', ['a', 'b']],
    [['tap.ignored-user-agents=curl, like Gecko'], 'tap.ignored-user-agents', ['curl, like Gecko']],
    [['labels=a=b,c=d'], 'labels', { a: 'b', c: 'd' }],
    [['labels.a=b', 'labels.c=d'], 'labels', { a: 'b', c: 'd' }],
    [['labels=a=b,token=c'], 'labels', { a: 'b', token: 'c' }],
    [['labels.x.example/y=true'], 'labels', { 'x.example/y': 'true' }],
    [['tapper.tolerations=[{operator: Exists}]'], 'tapper.tolerations', [{ operator: 'Exists' }]],
    [
      ['api-server.security-context.runAsUser=1000', 'api-server.security-context.a.b=c'],
      'api-server.security-context',
      { runAsUser: 1000, a: { b: 'c' } },
    ],
    [['install.storage-size=2GiB'], 'install.storage-size', 2 ** 31],
  ])('%j', async (sets, path, value) => {
    const { values, errors, notices } = await set(...sets);
    expect([...errors, ...notices]).toEqual([]);
    expect(values[path]).toEqual(value);
  });

  test('several settings in one argument', async () => {
    const { config, errors } = await set(
      'tap.gui-port=1,tap.namespaces=a,b,labels.x=y,tap.dry-run=true',
    );
    expect(errors).toEqual([]);
    expect(config.tap).toMatchObject({ guiPort: 1, namespaces: ['a', 'b'], dryRun: true });
    expect(config.labels).toEqual({ x: 'y' });
  });
});

describe('messages', () => {
  test.each<[string[], string]>([
    [['tap.gui-prot=1'], 'flag "tap.gui-prot" not found (did you mean tap.gui-port?)'],
    [['gui-port=1'], 'flag "gui-port" not found (did you mean tap.gui-port?)'],
    [['quite-something-else=1'], 'flag "quite-something-else" not found'],
    [['tap=1'], 'flag "tap" not found: it is a group of settings, such as tap.regex'],
    [['__proto__.x=1'], 'flag "__proto__.x" not found'],
    [['tap.regex.x=1'], 'flag "tap.regex.x" not found (did you mean tap.regex?)'],
    [
      ['tap.gui-port=x'],
      'invalid value x for flag name tap.gui-port, expected a port number, 0 to 65535 (0: any free port)',
    ],
    [
      ['tap.dry-run=perhaps'],
      'invalid value perhaps for flag name tap.dry-run, expected true or false',
    ],
    [
      ['tap.gui-port=1', 'tap.gui-port=2'],
      'invalid values 1,2 for flag name tap.gui-port, expected one value',
    ],
    [
      ['tapper.tolerations=Exists'],
      'invalid value Exists for flag name tapper.tolerations, expected a list of YAML objects',
    ],
    [
      ['labels=team'],
      'invalid value team for flag name labels, expected names with texts, a=b,c=d',
    ],
  ])('%j', async (sets, message) => {
    expect((await set(...sets)).errors).toEqual([message]);
  });

  test('an argument without = is ignored, and said to be', async () => {
    const { errors, notices } = await set('tap.gui-port');
    expect(errors).toEqual([]);
    expect(notices).toEqual([
      'Ignoring set argument tap.gui-port (set argument format: <flag name>=<flag value>)',
    ]);
  });

  test('all are said at once', async () => {
    expect((await set('a=1', 'tap.gui-port=x', 'b=2')).errors).toHaveLength(3);
  });
});
