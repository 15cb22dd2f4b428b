/** A real browser for tests of the page. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const words = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** The Chromium of this machine. */
export function startBrowser(): Promise<Browser> {
  const executablePath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((place) => join(place, 'chromium'))
    .find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('chromium is not on the path');
  return chromium.launch({ executablePath, args: words });
}

/** axe finds nothing in this state of the page. */
export async function expectPageAccessible(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).options({ preload: false }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
  expect(found, state).toEqual([]);
}
