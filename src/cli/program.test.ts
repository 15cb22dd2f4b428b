/** The command as the shell sees it: the real program in a real process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/mizu', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-program-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, ...words: string[]) {
  return spawnSync(command, words, { cwd: folder, encoding: 'utf8' });
}

describe('bin/mizu', () => {
  test('runs from another folder, through a chain of links', () => {
    symlinkSync(program, join(folder, 'first'));
    symlinkSync('first', join(folder, 'second'));
    const { status, stdout, stderr } = run('./second', 'version');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(status).toBe(0);
  });

  test('a missing file is one line and exit 2', () => {
    const { status, stdout, stderr } = run(program, 'tap', '--read', 'gone.pcap');
    expect(stderr).toMatch(/^mizu: [^\n]*gone\.pcap[^\n]*\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('something that is no capture is one line and exit 2', () => {
    writeFileSync(join(folder, 'letter.txt'), 'Dear reader, this is not a capture at all.\n');
    const { status, stderr } = run(program, 'tap', '--read', 'letter.txt', '--output', 'jsonl');
    expect(stderr).toMatch(/^mizu: [^\n]*letter\.txt[^\n]*\n$/);
    expect(status).toBe(2);
  });

  test('a reader that leaves early is no error', () => {
    const script = `'${program}' help tap | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = run('bash', '-c', script);
    expect(stderr).toBe('');
    expect(stdout).toBe('Usage: mizu tap [options] [pod regex]\n0\n');
  });
});
