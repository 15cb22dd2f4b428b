import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configurationPage, pagePath } from '../../scripts/config-docs.ts';
import { loadConfig } from './load.ts';
import { readFileLayer } from './read-file.ts';
import { Reading } from './reading.ts';
import { configTemplate, effectiveConfig, inline } from './render.ts';
import { settings } from './schema.ts';

const environment = { HOME: '/nonexistent' };

describe('the template', () => {
  test('is a configuration that changes nothing, of every active setting', () => {
    const reading = new Reading(undefined);
    readFileLayer(configTemplate(), 'template', reading);
    expect([...reading.errors, ...reading.notices]).toEqual([]);
    for (const { located, value } of reading.assignments) {
      expect([located.path, value]).toEqual([located.path, located.setting.default]);
    }
    const active = settings.filter(({ setting: { status, once } }) => status === 'active' && !once);
    expect(reading.assignments.map(({ located }) => located.path)).toEqual(
      active.map(({ path }) => path),
    );
  });

  test('explains, and shows what is to come as a comment', () => {
    expect(configTemplate()).toMatch(
      /\n {2}# how much traffic .*\n {2}max-entries-db-size: 200MB\n/,
    );
    expect(configTemplate()).toContain('\n  # tls: false\n');
    expect(configTemplate()).not.toContain('telemetry');
  });

  test('has lines that fit a terminal', () => {
    const long = configTemplate()
      .split('\n')
      .filter((line) => line.length > 100);
    expect(long).toEqual([]);
  });
});

test('what is in effect: every value with its origin, no secret', async () => {
  const loaded = await loadConfig({
    command: 'config',
    environment: { ...environment, MIZU_TOKEN: 'hush', MIZU_TAPPER_ENV: 'PASSWORD=hush' },
    sets: ['tap.max-entries-db-size=1GB', 'tap.tls=true'],
    flags: { 'tap.namespaces': ['a', 'b'] },
  });
  const text = effectiveConfig(loaded);
  expect(text).toMatch(/^tap.namespaces: \[a, b\] +# --namespaces$/m);
  expect(text).toMatch(/^tap.max-entries-db-size: 1GB +# --set$/m);
  expect(text).toMatch(/^tap.gui-port: 8899 +# default$/m);
  expect(text).toMatch(/^tap.tls: true +# --set, not built yet$/m);
  expect(text).toMatch(/^token: "\*\*\*" +# MIZU_TOKEN$/m);
  expect(text).not.toContain('hush');
  expect(Object.keys(parse(text))).toEqual(Object.keys(loaded.values).sort(byDeclaration));
});

function byDeclaration(left: string, right: string): number {
  const index = (path: string) => settings.findIndex((located) => located.path === path);
  return index(left) - index(right);
}

test('every value is YAML that means itself', () => {
  const odd = ['', '~', '.', '.5', '.inf', '1e3', '0x1', '012', 'null', 'No', 'a: b', 'a:', '- a'];
  for (const text of [
    ...odd,
    '*a',
    '127.0.0.1',
    '750m',
    '1_000',
    '2001-01-01',
    '12:30',
    '=',
    '<<',
  ]) {
    expect(parse(inline(text))).toBe(text);
    expect(parse(inline(text), { version: '1.1' })).toBe(text);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parse(inline({ [`k${text}`]: [text] }))).toEqual({ [`k${text}`]: [text] });
    }),
  );
});

test('docs/configuration.md is what scripts/config-docs.ts makes; run it when this fails', () => {
  expect(readFileSync(pagePath, 'utf8')).toBe(configurationPage());
});
