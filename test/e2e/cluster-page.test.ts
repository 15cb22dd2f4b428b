/** The page over a made-up cluster (`web/dev/mock-server.ts`): targets, names, messages, records. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage } from '../../scripts/build-page.ts';
import type { Targets } from '../../src/serve/api.ts';
import { whyNotPrograms } from './machine.ts';
import { freePort, repository, until } from './mizu.ts';

const whyNot = whyNotPrograms('chromium');
const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((place) => join(place, 'chromium'))
  .find((path) => existsSync(path));
const screenshots = join(repository, 'screenshots');

let server: ChildProcess | undefined;
let origin: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Console errors and exceptions. */
let complaints: string[];

const ask = (path: string) => fetch(`${origin}/api/v1${path}`);

beforeAll(async () => {
  if (whyNot !== '') return;
  if (!buildPage()) throw new Error('the page could not be built');
  mkdirSync(screenshots, { recursive: true });
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const script = join(repository, 'web/dev/mock-server.ts');
  const words = ['--port', String(port), '--cluster', '--rate', '20', '--preload', '1500'];
  server = spawn(process.execPath, [script, ...words], { stdio: 'ignore' });
  await until('the made-up server', () =>
    ask('/info').then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'];
  browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
});

afterAll(async () => {
  await browser?.close();
  server?.kill();
});

beforeEach(async () => {
  if (whyNot !== '') return;
  context = await browser.newContext({ colorScheme: 'dark', reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
});

afterEach(async () => {
  await context?.close();
});

const details = () => page.getByRole('tabpanel');
const list = () => page.getByRole('grid', { name: 'Entries' });
const rowOf = (text: string) => list().getByRole('row').filter({ hasText: text });
const query = () => page.getByRole('search').getByRole('textbox', { name: 'Query' });

async function visible(locator: ReturnType<Page['locator']>): Promise<void> {
  await locator.first().waitFor({ state: 'visible' });
}

async function expectAccessible(state: string): Promise<void> {
  await page.screenshot({ path: join(screenshots, `cluster ${state}.png`) });
  const { violations } = await new AxeBuilder({ page }).options({ preload: false }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
  expect(found, state).toEqual([]);
}

async function targets(): Promise<Targets> {
  return (await (await ask('/targets')).json()) as Targets;
}

/** The newest entry that matches, paused so that it stays where it is. */
async function openFirst(filter: string): Promise<void> {
  await page.goto(`${origin}/?q=${encodeURIComponent(filter)}`);
  await visible(list().locator('[data-index]'));
  await page.keyboard.press('Space');
  await list().locator('[data-index]').last().click();
  await visible(details());
}

describe.skipIf(whyNot !== '')(`the page of a cluster${whyNot && `: ${whyNot}`}`, () => {
  test('services name each other; pointing at one tells the rest, and a click filters', async () => {
    await page.goto(`${origin}/?q=${encodeURIComponent('dst.name == "payments" and http')}`);
    await visible(rowOf('payments'));
    await page.keyboard.press('Space');
    await rowOf('payments').last().locator('.cell-destination').hover();
    const card = page.getByRole('table', { name: 'Destination of the call' });
    await visible(card.getByText('deployment/payments'));
    await expectAccessible('names');
    await card.getByRole('button', { name: 'worker-' }).first().click();
    await until('the node in the query', async () =>
      ((await query().textContent()) ?? '').includes('dst.node == "worker-'),
    );
    expect(complaints).toEqual([]);
  });

  test('the targets: a tree with reasons, a choice applied and one refused', async () => {
    await page.goto(origin);
    await visible(page.getByText(/^Tapping 15 \/ 17 pods in namespaces/));
    await page.getByRole('link', { name: 'Targets' }).click();
    const tree = page.getByRole('treegrid', { name: 'Targets' });
    await visible(tree.getByText('Its namespace is not chosen.'));
    await expectAccessible('targets');
    // By the keyboard: find a namespace, take what its line offers, apply.
    await page.keyboard.press('/');
    await page.keyboard.type('redis');
    await visible(tree.getByText('redis-0'));
    await tree.focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Apply' }).click();
    await visible(page.getByRole('heading', { name: /Tapping 20 \/ 22 pods/ }));
    expect((await targets()).selection.namespaces).toEqual(['billing', 'data', 'shop']);
    expect(complaints).toEqual([]);

    await page.getByLabel('Pod name').fill('(cart');
    await page.keyboard.press('Enter');
    await visible(page.getByText(/The pod regex cannot be used/));
    await expectAccessible('a refused choice');
    expect((await targets()).selection.regex).toBe('');
    await page.getByRole('button', { name: 'Undo changes' }).click();
    expect(await page.getByLabel('Pod name').inputValue()).toBe('');
    await page.keyboard.press('Escape');
    await visible(list());
  });

  test('a tapper that is gone and rights that are missing are told', async () => {
    const notice =
      'No right to list and watch pods in namespace "x": addresses of pods have no names.';
    await ask('/lose?node=worker-2');
    await ask(`/notice?text=${encodeURIComponent(notice)}`);
    await page.goto(origin);
    await visible(page.getByText('1 node not tapped'));
    await visible(page.getByText(notice));
    await page.getByRole('button', { name: 'Do not show this again' }).click();
    await page.reload();
    await visible(page.getByText('1 node not tapped'));
    expect(await page.getByText(notice).count()).toBe(0);
    await page.goto(`${origin}/targets`);
    await visible(page.getByRole('row', { name: /worker-2/ }).getByText('not connected'));
    await visible(page.getByText(notice));
    await expectAccessible('a tapper is gone');
    await ask('/lose?node=');
    expect(complaints).toEqual([]);
  });

  test('messages stand under their call, can be hidden, and lead back and forth', async () => {
    await openFirst('parent != "" and ws');
    await visible(page.getByText(/^message from the (client|server)$/));
    await expectAccessible('a message');
    await page.getByRole('button', { name: 'show the call' }).click();
    await page.getByRole('tab', { name: /^Messages/ }).click();
    await visible(page.getByRole('listbox', { name: 'Messages' }).getByRole('option'));
    await expectAccessible('messages');
    await page.goto(origin);
    await visible(list().locator('.of-call'));
    await page.getByRole('button', { name: 'messages' }).click();
    await visible(page.getByRole('button', { name: 'messages hidden' }));
    await until('no messages', async () => (await list().locator('.of-call').count()) === 0);
    await visible(list().locator('[data-index]'));
    expect(complaints).toEqual([]);
  });

  test('records are a table of which a line opens; its values filter by any record', async () => {
    await openFirst('kafka and method == "Fetch"');
    const records = page.getByRole('treegrid', { name: /^Records/ });
    await visible(records.getByText('customer-0'));
    // Of 1,200 records only those on the screen are drawn.
    expect(await records.getByRole('row').count()).toBeLessThan(60);
    await records.getByRole('row').nth(2).click();
    await visible(records.getByRole('tree', { name: 'Value' }));
    await expectAccessible('records');
    expect(complaints).toEqual([]);
  });
});
