import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configTemplate } from '../../config/render.ts';
import type { CliContext } from '../context.ts';
import { UserError } from '../errors.ts';
import { addConfigCommand } from './config.ts';

let home: string;
let folder: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mizu-config-command-'));
  folder = join(home, '.mizu');
  file = join(folder, 'config.yaml');
});
afterEach(() => rmSync(home, { recursive: true }));

async function config(...words: string[]) {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const context = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: { HOME: home },
  };
  const program = new Command('mizu');
  addConfigCommand(program, context as unknown as CliContext);
  let error: unknown;
  await program.parseAsync(['config', ...words], { from: 'user' }).catch((thrown: unknown) => {
    error = thrown;
  });
  return { ...written, error };
}

function keep(text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, text);
}

test('mizu config prints the template', async () => {
  expect(await config()).toEqual({ stdout: configTemplate(), stderr: '', error: undefined });
});

describe('mizu config -r', () => {
  test('writes the template, for its owner only', async () => {
    const { stdout } = await config('-r');
    expect(stdout).toBe(`Template File written to ${file}\n`);
    expect(readFileSync(file, 'utf8')).toBe(configTemplate());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('keeps what was there, each time', async () => {
    keep('tap: {gui-port: 1}');
    expect((await config('-r')).stdout).toContain(`kept as ${file}.bak\n`);
    writeFileSync(file, 'tap: {gui-port: 2}');
    expect((await config('-r')).stdout).toContain(`kept as ${file}.bak1\n`);
    expect((await config('-r')).stdout).toBe(`Template File written to ${file}\n`);
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe('tap: {gui-port: 1}');
    expect(readFileSync(`${file}.bak1`, 'utf8')).toBe('tap: {gui-port: 2}');
    expect(readdirSync(folder).sort()).toEqual([
      'config.yaml',
      'config.yaml.bak',
      'config.yaml.bak1',
    ]);
  });

  test('is the remedy for a broken file, and writes where it is told', async () => {
    keep('tap: [');
    expect((await config('-r')).stdout).toContain('Template File written to');
    const other = join(home, 'deep', 'other.yaml');
    expect((await config('-r', '--config-path', other)).stdout).toContain(other);
    expect(readFileSync(other, 'utf8')).toBe(configTemplate());
  });

  test('leaves a link a link', async () => {
    keep('');
    const target = join(home, 'dotfile.yaml');
    writeFileSync(target, '');
    rmSync(file);
    symlinkSync(target, file);
    await config('-r');
    expect(readFileSync(target, 'utf8')).toBe(configTemplate());
  });

  test('says when it cannot', async () => {
    writeFileSync(folder, 'a file where the folder belongs');
    const { error } = await config('-r');
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain('the template cannot be written');
  });
});

describe('mizu config --effective', () => {
  test('prints values with their origins, and notices', async () => {
    keep('tap:\n  gui-port: 8898\n  gui-prot: 1\n');
    const { stdout, stderr } = await config('--effective');
    expect(stdout).toMatch(new RegExp(`^tap.gui-port: 8898 +# ${file}:2$`, 'm'));
    expect(stderr).toContain('did you mean tap.gui-port?');
  });

  test('of a broken file there is nothing in effect', async () => {
    keep('tap: [');
    const { stdout, error } = await config('--effective');
    expect(stdout).toBe('');
    expect((error as UserError).message).toContain('invalid config');
    expect((error as UserError).exitCode).toBe(2);
  });
});
