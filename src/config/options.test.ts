import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { describeProgram } from '../cli/completion/model.ts';
import type { CommandName } from './declare.ts';
import { loadConfig } from './load.ts';
import { addConfigOptions } from './options.ts';

function build(name: CommandName) {
  const program = new Command('mizu').exitOverride().configureOutput({ writeErr: () => undefined });
  const command = program.command(name).argument('[regex]').exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return { program, command, given: addConfigOptions(command, name) };
}

function parse(name: CommandName, ...words: string[]) {
  const { program, given } = build(name);
  program.parse([name, ...words], { from: 'user' });
  return given();
}

describe('what was given', () => {
  test('nothing, when nothing was: defaults are not given', () => {
    expect(parse('tap')).toEqual({ flags: {}, sets: [], configPath: undefined });
  });

  test('values by path, read', () => {
    const words = ['-n', 'a', '-n', 'b,c', '-A', '-p', '8898', '--max-entries-db-size', '1GB'];
    expect(parse('tap', ...words, '--no-redact', '--lease', '1m').flags).toEqual({
      'tap.namespaces': ['a', 'b', 'c'],
      'tap.all-namespaces': true,
      'tap.gui-port': 8898,
      'tap.max-entries-db-size': 1e9,
      'tap.redact': false,
      'tap.lease': 60_000,
    });
  });

  test('a value that is the default is given all the same', () => {
    expect(parse('tap', '--gui-port', '8899').flags).toEqual({ 'tap.gui-port': 8899 });
  });

  test('--set and --config-path', () => {
    const given = parse('tap', '--set', 'a=b', '--set', 'c', '--config-path', 'x.yaml');
    expect(given).toEqual({ flags: {}, sets: ['a=b', 'c'], configPath: 'x.yaml' });
  });

  test('the same word means the setting of its command', () => {
    expect(parse('view', '-p', '1').flags).toEqual({ 'view.gui-port': 1 });
    expect(parse('logs', '-f', 'a.zip').flags).toEqual({ 'logs.file': 'a.zip' });
    expect(parse('clean', '--context', 'kind').flags).toEqual({ 'kube-context': 'kind' });
  });

  test.each([
    [['-o'], 'yaml'],
    [['-o', 'yaml'], 'yaml'],
    [['--out'], 'yaml'],
    [[], ''],
  ])('install %j', async (words, output) => {
    const options = { command: 'install', environment: { HOME: '/nonexistent' } } as const;
    const { config, notices } = await loadConfig({ ...options, ...parse('install', ...words) });
    expect(config.install.output).toBe(output);
    expect(notices).toEqual([]);
  });

  test('options of the original are taken, and loading says what they do', async () => {
    const given = parse(
      'tap',
      '--analysis',
      '-w',
      'x',
      '-r',
      'a,b',
      '--tls',
      '--max-live-streams',
      'many',
    );
    const { config, errors, notices } = await loadConfig({
      command: 'tap',
      environment: { HOME: '/nonexistent' },
      ...given,
    });
    expect(errors).toEqual([]);
    expect(config.tap.regexMasking).toEqual(['a,b']);
    expect(notices.join('\n')).toMatch(/--analysis.*--workspace.*no longer do/);
    expect(notices.join('\n')).toMatch(/--regex-masking.*--tls.*are not built yet/);
  });
});

test.each([
  [['--gui-port', '70000'], '65535'],
  [['--gui-port', '-1'], '65535'],
  [['--body-limit', '1GB'], '16MiB'],
  [['--output', 'xml'], 'page, jsonl'],
  [['--lease', '1s'], 'at least 15s'],
])('%j says what is expected', (words, expected) => {
  expect(() => parse('tap', ...words)).toThrow(expected);
});

test('help shows the default and hides what does nothing', () => {
  const help = build('tap').command.helpInformation();
  expect(help).toMatch(/--max-entries-db-size <size> .*\(default: 200MB\)/s);
  expect(help).toContain('-A, --all-namespaces');
  expect(help).not.toContain('--analysis');
  expect(help).not.toContain('--tls');
});

test('completion knows the options', () => {
  const { commands } = describeProgram(build('tap').program);
  const tap = commands.find(({ name }) => name === 'tap')!;
  const find = (name: string) => tap.options.find(({ names }) => names.includes(name));
  expect(find('--namespaces')?.names).toContain('-n');
  expect(find('--output')?.choices).toContain('jsonl');
  expect(find('--kubeconfig')?.value).toBe('file');
  expect(find('--workspace')).toBeUndefined();
});
