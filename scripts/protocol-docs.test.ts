import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { protocols } from '../src/protocols/index.ts';
import { pagePath, protocolPage, readmePath, readmeWithTable } from './protocol-docs.ts';

test('README.md and docs/protocols.md are what scripts/protocol-docs.ts makes; run it when this fails', () => {
  const readme = readFileSync(readmePath, 'utf8');
  expect(readme).toBe(readmeWithTable(readme));
  expect(readFileSync(pagePath, 'utf8')).toBe(protocolPage());
});

test('codes and ids of protocols are their own, and a macro means one thing', () => {
  expect(new Set(protocols.map(({ code }) => code)).size).toBe(protocols.length);
  expect(new Set(protocols.map(({ id }) => id)).size).toBe(protocols.length);
  const macros = new Map<string, string>();
  for (const protocol of protocols) {
    for (const [word, query] of Object.entries(protocol.macros)) {
      expect(macros.get(word) ?? query, word).toBe(query);
      macros.set(word, query);
    }
  }
});
