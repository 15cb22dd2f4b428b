import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage } from '../../scripts/build-page.ts';
import { expectPageAccessible, startBrowser } from './browser-start.ts';
import { hasProgram, whyNotLive, whyNotPrograms } from './machine.ts';
import { freePort, repository, startTap, type Tap, until } from './mizu.ts';
import { Target } from './target.ts';

const whyNot = whyNotPrograms('chromium', 'curl') || whyNotLive();
const screenshots = join(repository, 'screenshots');
/** What the browser itself says of a server that ends or has ended; everything else is a defect. */
const noServer = /net::ERR_CONNECTION_(REFUSED|RESET|CLOSED)|net::ERR_EMPTY_RESPONSE|status of 503/;

const run = promisify(execFile);
const curl = (...words: string[]) =>
  run('curl', ['-sS', '--max-time', '10', '-o', '/dev/null', ...words]);

let folder: string;
let target: Target;
let tap: Tap;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Console errors, exceptions and broken rules of the content security policy. */
let complaints: string[];

const tapWords = () => [
  ...['--local', '--capture-filter', `tcp port ${target.port}`],
  ...['--store', join(folder, 'store')],
];

beforeAll(async () => {
  if (whyNot !== '') return;
  if (!buildPage()) throw new Error('the page could not be built');
  mkdirSync(screenshots, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'mizu-browser-test-'));
  target = await Target.open();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await target?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function openPage(address: string, size = { width: 1440, height: 900 }): Promise<void> {
  await page.setViewportSize(size);
  await page.goto(address);
}

beforeEach(async () => {
  if (whyNot !== '') return;
  context = await browser.newContext({ colorScheme: 'dark', reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(`${message.text()} ${message.location().url}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
       console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI));`,
  );
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture(`failed ${task.name.slice(0, 30)}`);
  await context?.close();
});

const list = () => page.getByRole('grid', { name: 'Entries' });
const rows = () => list().getByRole('row');
const rowOf = (path: string) => rows().filter({ hasText: path });
const details = () => page.getByRole('tabpanel');
const queryText = () => page.getByRole('search').getByRole('textbox', { name: 'Query' });

async function visible(locator: ReturnType<Page['locator']>): Promise<void> {
  await locator.first().waitFor({ state: 'visible' });
}

async function textOf(locator: ReturnType<Page['locator']>): Promise<string> {
  return (await locator.textContent()) ?? '';
}

async function typeQuery(text: string): Promise<void> {
  await page.keyboard.press('/');
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

async function picture(name: string): Promise<void> {
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

const expectAccessible = (state: string) => expectPageAccessible(page, state);

/** Targets of the rows on the screen, in their order. */
async function targetsShown(): Promise<string[]> {
  return page.locator('[role=gridcell].cell-target .target-head').allTextContents();
}

describe.skipIf(whyNot !== '')(`the page during real traffic${whyNot && `: ${whyNot}`}`, () => {
  beforeAll(async () => {
    if (whyNot === '') tap = await startTap(tapWords());
  });
  afterAll(() => tap?.stop());
  afterEach(() => expect(complaints).toEqual([]));
  const address = () => `${tap.origin}/?token=end-to-end`;

  test('before anything was captured it says what to do', async () => {
    await openPage(address());
    await visible(page.getByRole('region', { name: 'Nothing captured yet' }));
    await picture('empty');
    await expectAccessible('nothing captured');
    // The token has left the address bar.
    expect(page.url()).not.toContain('token');
  });

  test('entries appear as curl makes them, and the row tells the essentials', async () => {
    await openPage(address());
    await visible(page.getByText('connected', { exact: true }));
    await curl(target.url('/order?first=1'));
    await visible(rowOf('/order?first=1'));
    const text = await textOf(rowOf('/order?first=1'));
    for (const part of ['HTTP', '200', 'GET', '/order?first=1']) expect(text).toContain(part);
    await curl(target.url('/missing/1'), '--next', '-sS', target.url('/broken/1'));
    await visible(rowOf('/broken/1'));
    await curl(target.url('/page'), '--next', '-sS', '-d', 'a=1&b=two', target.url('/echo'));
    const slow = curl(target.url('/slow?row'));
    await visible(rowOf('/slow?row'));
    await picture('list-dark');
    await expectAccessible('the list');
    target.release();
    await slow;
    await until('the slow row to be complete', async () =>
      (await textOf(rowOf('/slow?row'))).includes('200'),
    );
    expect(await rowOf('/slow?row').count()).toBe(1);
  });

  test('a typed filter narrows the list, lives in the address, and a wrong one says where', async () => {
    await curl(target.url('/missing/2'), '--next', '-sS', target.url('/order?second=2'));
    await openPage(address());
    await visible(rowOf('/order?second=2'));
    await typeQuery('response.status >= 400');
    await until('only failed calls', async () => {
      const shown = await targetsShown();
      return shown.length > 0 && shown.every((path) => /missing|broken/.test(path));
    });
    expect(new URL(page.url()).search).toContain('400');
    await picture('filtered');
    // The filter holds for what comes live.
    await curl(target.url('/order?third=3'), '--next', '-sS', target.url('/missing/3'));
    await visible(rowOf('/missing/3'));
    expect(await rowOf('/order?third=3').count()).toBe(0);
    // And it survives a reload.
    await page.reload();
    await visible(rowOf('/missing/3'));
    expect(await rowOf('/order').count()).toBe(0);

    await typeQuery('respnse.status >= 400');
    const alert = page.getByRole('search').getByRole('alert');
    await visible(alert);
    expect(await textOf(alert)).toContain('respnse');
    expect(await textOf(page.locator('.query-error-mark'))).toBe('respnse');
    await picture('query-error');
    await expectAccessible('a query with an error');
    await page.getByRole('button', { name: 'Clear the query' }).click();
    await visible(rowOf('/order?third=3'));

    await typeQuery('target == "/never"');
    await visible(page.getByRole('region', { name: 'Nothing matches' }));
    await picture('nothing-matches');
    await expectAccessible('nothing matches');
  });

  test('details show headers and the body as a tree, by mouse and by keyboard', async () => {
    await curl('-H', 'X-Shop: Mizu', '--json', '{"sku":"AO-1"}', target.url('/echo?details'));
    await curl(target.url('/order?details'));
    await openPage(address());
    await rowOf('/order?details').click();
    await visible(details());
    await visible(details().getByText('application/json'));
    await visible(details().getByRole('tree', { name: 'JSON' }));
    const tree = await textOf(details().getByRole('tree', { name: 'JSON' }));
    expect(tree).toContain('Mizu 水');
    await picture('details-dark');
    await expectAccessible('details');
    expect(page.url()).toContain('entry=');

    await list().focus();
    await page.keyboard.press('k');
    await visible(details().getByText('X-Shop'));
    await page.getByRole('tab', { name: 'Timing' }).click();
    await visible(details());
    await picture('details-timing');
    await page.getByRole('tab', { name: 'Both' }).click();
    await page.keyboard.press('Escape');
    await details().waitFor({ state: 'hidden' });

    // The chosen entry is in the address: whoever gets the link sees the same.
    await rowOf('/order?details').click();
    await visible(details().getByRole('tree', { name: 'JSON' }));
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await visible(page.getByRole('row', { selected: true }).filter({ hasText: '/order?details' }));
  });

  test('a value of the details becomes part of the query', async () => {
    await curl('-H', 'X-Shop: only-here', target.url('/order?value'));
    await openPage(address());
    await rowOf('/order?value').click();
    const line = details().getByRole('row').filter({ hasText: 'only-here' });
    await line.hover();
    await line
      .getByRole('button', { name: /^Add .* to the filter$/ })
      .first()
      .click();
    await until('the query', async () => (await textOf(queryText())).includes('only-here'));
    await until('the one call', async () => (await targetsShown()).length === 1);
  });

  test('a long download is shown cut', async () => {
    await curl(target.url('/download?shown'));
    await openPage(address());
    await rowOf('/download?shown').click();
    await visible(details().getByText(/cut at/));
    await picture('details-cut');
  });

  test('dark and light', async () => {
    await curl(target.url('/order?light'));
    await openPage(address());
    const background = () =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const dark = await background();
    await page.getByRole('button', { name: 'Light colours' }).click();
    await until('another background', async () => (await background()) !== dark);
    await rowOf('/order?light').click();
    await visible(details().getByRole('tree', { name: 'JSON' }));
    await picture('details-light');
    await expectAccessible('light colours');
    await page.reload();
    expect(await background()).not.toBe(dark);
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await until('the first background', async () => (await background()) === dark);
  });

  test('? lists the keys, Ctrl-K the commands', async () => {
    await curl(target.url('/order?keys'));
    await openPage(address());
    await visible(rows());
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog');
    await visible(dialog);
    expect(await textOf(dialog)).toContain('Next entry');
    await picture('keyboard');
    await expectAccessible('the list of keys');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+k');
    await visible(page.getByRole('listbox', { name: 'Commands' }));
    await picture('commands');
  });

  test('a narrow window lays the details over the list', async () => {
    await curl(target.url('/order?narrow'));
    await openPage(address(), { width: 800, height: 700 });
    await rowOf('/order?narrow').click();
    await visible(details());
    await picture('narrow');
    await expectAccessible('a narrow window');
  });

  test('pause: the list stands still under load, and resume brings what was missed', async () => {
    await curl(target.url('/order?before-the-pause'));
    await openPage(address());
    await visible(rowOf('/order?before-the-pause'));
    await list().focus();
    await page.keyboard.press('Space');
    await visible(page.getByRole('button', { name: 'paused' }));
    await curl(target.url('/while-paused/[1-20]'));
    await tap.answered('target startsWith "/while-paused/"', 20);
    await visible(page.getByText(/20 new/).or(page.getByRole('button', { name: 'paused' })));
    expect(await rowOf('/while-paused/').count()).toBe(0);
    await picture('paused');
    await page.getByRole('button', { name: 'paused' }).click();
    await visible(rowOf('/while-paused/20'));
    await visible(page.getByRole('button', { name: 'live' }));
  });

  test.skipIf(!hasProgram('wrk'))(
    'stays alive under wrk and shows that nothing was lost',
    async () => {
      await curl(target.url('/order?before-the-load'));
      await openPage(address());
      await visible(rowOf('/order?before-the-load'));
      const before = (await tap.counters()).dissect.entries;
      const words = ['-t1', '-c8', '-d2s', target.url('/under-load')];
      const { stdout } = await run('wrk', words);
      const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
      expect(requests).toBeGreaterThan(500);
      await visible(rowOf('/under-load'));
      await picture('under-load');
      await tap.until('all calls of wrk', async () => {
        const { dissect, reassemble, capture, store } = await tap.counters();
        expect({ dropped: capture.dropped, holes: reassemble.holes, shed: store.shed }).toEqual({
          dropped: 0,
          holes: 0,
          shed: 0,
        });
        // Calls under way when wrk ends are answered, but not counted by it.
        return dissect.entries - before >= requests;
      });
      // It still follows: the next call is the last row.
      await curl(target.url('/after-the-load'));
      await visible(rowOf('/after-the-load'));
      // Scrolling up stops following; the button goes back to the newest.
      await list().hover();
      await page.mouse.wheel(0, -3000);
      const newest = page.getByRole('button', { name: /new/ }).filter({ hasText: '↓' });
      await visible(newest);
      await picture('scrolled-up');
      await newest.click();
      await visible(rowOf('/after-the-load'));
    },
  );
});

describe.skipIf(whyNot !== '')('when the server goes away', () => {
  test('the page says so, and goes on by itself after a restart, without repeats', async () => {
    const port = await freePort();
    const words = [
      ...['--local', '--capture-filter', `tcp port ${target.port}`],
      ...['--store', join(folder, 'restarted')],
    ];
    {
      await using first = await startTap(words, { port });
      await openPage(`${first.origin}/?token=end-to-end`);
      await visible(page.getByText('connected', { exact: true }));
      await curl(target.url('/before/[1-5]'));
      await visible(rowOf('/before/5'));
      expect(complaints).toEqual([]);
    }
    await visible(page.getByText(/Not connected since/));
    await visible(page.getByText('not connected', { exact: true }));
    expect(await rowOf('/before/').count()).toBe(5);
    await picture('disconnected');
    await expectAccessible('disconnected');

    await using second = await startTap(words, { port });
    await visible(page.getByText('connected', { exact: true }));
    await page.getByText(/Not connected since/).waitFor({ state: 'hidden' });
    await curl(target.url('/after/[1-5]'));
    await visible(rowOf('/after/5'));
    const shown = await targetsShown();
    expect(shown).toEqual([
      ...[1, 2, 3, 4, 5].map((n) => `/before/${n}`),
      ...[1, 2, 3, 4, 5].map((n) => `/after/${n}`),
    ]);
    expect(complaints.filter((complaint) => !noServer.test(complaint))).toEqual([]);
    await second.stop();
  });

  test('without the token the page explains how to get in', async () => {
    await using guarded = await startTap(['--local', '--capture-filter', `port ${target.port}`]);
    await openPage(guarded.origin);
    await visible(page.getByRole('heading', { name: /token/ }));
    await picture('no-token');
    await expectAccessible('no token');
    const field = page.getByLabel('Token');
    await field.fill('http://localhost:8899/?token=of-another-start');
    await page.keyboard.press('Enter');
    await visible(page.getByRole('alert').filter({ hasText: 'not the token' }));
    // What Mizu printed is pasted as it is.
    await field.fill(`Mizu is available at ${guarded.origin}/?token=end-to-end`);
    await page.keyboard.press('Enter');
    await visible(page.getByText('connected', { exact: true }));
    expect(page.url()).not.toContain('token');
    const other = complaints.filter((complaint) => !/401|no valid credentials/.test(complaint));
    expect(other).toEqual([]);
  });
});
