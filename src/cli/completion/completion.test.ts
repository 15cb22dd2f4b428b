import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mizu } from '../test-support.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(join(folder, shell), (await mizu(['completion', shell])).stdout);
  }
  writeFileSync(join(folder, 'traffic.pcap'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers when Tab is pressed behind the last word. */
function completions(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `
    source ./bash
    COMP_WORDS=(mizu ${quoted}); COMP_CWORD=${words.length}
    $(complete -p mizu | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['--norc', '-c', script], { cwd: folder, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((line) => line !== '');
}

describe('bash, with the script sourced', () => {
  test('offers the commands', () => {
    expect(completions('')).toEqual(
      expect.arrayContaining(['tap', 'demo', 'version', 'completion', 'help', '--version']),
    );
    expect(completions('t')).toEqual(['tap']);
  });

  test('offers the options of the command', () => {
    expect(completions('tap', '--ma')).toEqual(['--max-entries-db-size']);
    expect(completions('demo', '--')).toContain('--rate');
    expect(completions('demo', '--')).not.toContain('--local');
  });

  test('offers the values of an option', () => {
    expect(completions('tap', '--local', '--output', '')).toEqual([
      ...['page', 'jsonl', 'none', 'yaml'],
    ]);
    expect(completions('completion', 'z')).toEqual(['zsh']);
    expect(completions('help', 'ta')).toEqual(['tap']);
  });

  test('offers files where a file belongs, nothing where it cannot know', () => {
    expect(completions('tap', '--read', 'tra')).toEqual(['traffic.pcap']);
    expect(completions('tap', '--gui-port', '')).toEqual([]);
  });
});

describe.each(['zsh', 'fish'])('%s', (shell) => {
  const installed = spawnSync(shell, ['-c', 'exit']).status === 0;
  test.skipIf(!installed)(`accepts the script (skipped without ${shell})`, () => {
    const run = spawnSync(shell, ['-n', join(folder, shell)], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  test('has all commands and options', async () => {
    const { stdout } = await mizu(['completion', shell]);
    for (const word of ['tap', 'demo', 'version', 'completion', 'rate', 'capture-filter']) {
      expect(stdout).toContain(word);
    }
  });
});
