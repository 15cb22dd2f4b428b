import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, logPath, withoutSecrets } from './log-file.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'mizu-log-test-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the log of the command line', () => {
  it('holds all levels, a line each, and only its owner may read it', () => {
    const log = LogFile.open({ HOME: home });
    log.debug('asked');
    log.tee({ write: () => true }, 'info').write('\u001b[32m+cart-1\u001b[0m\n\nsecond\n');
    log.tee({ write: () => true }, 'info').write('kind: Secret\n'.repeat(100));
    log.error('went\nwrong');
    const file = logPath({ HOME: home });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'debug asked',
      'info  +cart-1',
      'info  second',
      'info  (1300 characters)',
      'error went wrong',
    ]);
  });

  it('is begun anew when it has become large; one before is kept', () => {
    LogFile.open({ HOME: home }).info('first');
    const file = logPath({ HOME: home });
    writeFileSync(file, 'x'.repeat(5_000_000));
    LogFile.open({ HOME: home }).info('second');
    expect(readFileSync(file, 'utf8')).toMatch(/second\n$/);
    expect(statSync(`${file}.1`).size).toBe(5_000_000);
  });

  it('that cannot be written stops nobody', () => {
    writeFileSync(path.join(home, '.mizu'), '');
    expect(() => LogFile.open({ HOME: home }).info('first')).not.toThrow();
  });
});

it('secrets are left out, wherever they stand', () => {
  const clean = (text: string) => withoutSecrets(text, ['hunter2']);
  expect(clean('Mizu is available at http://localhost:8899/?token=abcDEF-1')).toBe(
    'Mizu is available at http://localhost:8899/?token=***',
  );
  expect(clean('tap --set token=abc --set tap.filter=x')).toBe(
    'tap --set token=*** --set tap.filter=x',
  );
  expect(clean('it is hunter2, Bearer xyz')).toBe('it is ***, Bearer ***');
});
