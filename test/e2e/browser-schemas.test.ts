import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from '../../scripts/build-page.ts';
import { expectPageAccessible, startBrowser } from './browser-start.ts';
import { whyNotLive, whyNotPrograms } from './machine.ts';
import { repository, startTap, type Tap } from './mizu.ts';

const whyNot = whyNotPrograms('chromium') || whyNotLive();
const screenshots = join(repository, 'screenshots');
const path = '/shop.v1.Cart/Add';
const asIs = (bytes: Buffer) => bytes;
/** Item { name: "tea", count: 3 } */
const item = Buffer.from([0x0a, 0x03, ...Buffer.from('tea'), 0x10, 0x03]);
const fileOf = (name: string, text: string) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(text),
});
const cart = fileOf(
  'cart.proto',
  `syntax = "proto3"; package shop.v1;
   message Item { string name = 1; int32 count = 2; }
   service Cart { rpc Add(Item) returns (Item); }`,
);
const broken = fileOf('broken.proto', 'syntax = "proto3";\nmessage Broken {\n  string name = ;\n}');

let server: Server;
let tap: Tap;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (whyNot !== '') return;
  if (!buildPage()) throw new Error('the page could not be built');
  mkdirSync(screenshots, { recursive: true });
  server = new Server();
  const codec = { requestSerialize: asIs, requestDeserialize: asIs };
  const answers = { responseSerialize: asIs, responseDeserialize: asIs };
  const method = { path, requestStream: false, responseStream: false, ...codec, ...answers };
  server.addService({ Add: method }, { Add: (_: unknown, reply: Reply) => reply(null, item) });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  tap = await startTap(['--local', '--capture-filter', `tcp port ${port}`]);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  await new Promise<void>((resolve, reject) =>
    client.makeUnaryRequest(path, asIs, asIs, item, (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  client.close();
  await tap.answered('grpc and parent == ""', 1);
  browser = await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
});

type Reply = (error: null, answer: Buffer) => void;

afterAll(async () => {
  await browser?.close();
  await tap?.stop();
  server?.forceShutdown();
});

describe.skipIf(whyNot !== '')(`schemas given in the page${whyNot && `: ${whyNot}`}`, () => {
  test('a call is read by them at once, and what is wrong with one is said with its line', async () => {
    await page.goto(`${tap.origin}/?token=end-to-end`);
    const call = page.getByRole('row').filter({ hasText: 'POST' }).filter({ hasText: '/Add' });
    await call.click();
    const details = page.getByRole('tabpanel');
    await details.getByRole('button', { name: 'give its schema' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No file is given').waitFor();
    await expectPageAccessible(page, 'no schema');
    const files = dialog.locator('input[type=file]').first();
    await files.setInputFiles([cart, broken, fileOf('notes.txt', 'no schema')]);
    await dialog.getByText('line 3').waitFor();
    await dialog.getByText('1 other file passed over').waitFor();
    await dialog.getByText('cart.proto').waitFor();
    await page.screenshot({ path: join(screenshots, 'schemas.png') });
    await expectPageAccessible(page, 'schemas');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    // Escape has closed the dialog and nothing else.
    const message = details.getByRole('tree', { name: 'Message' }).first();
    await message.getByText('count').waitFor();
    expect(await message.textContent()).toContain('"tea"');

    await page.keyboard.press('s');
    await dialog.getByRole('button', { name: 'Remove broken.proto' }).click();
    await dialog.getByText('line 3').waitFor({ state: 'hidden' });
    await dialog.getByRole('button', { name: 'remove all' }).click();
    await dialog.getByText('No file is given').waitFor();
    await page.keyboard.press('Escape');
    await details.getByRole('button', { name: 'give its schema' }).first().waitFor();
  });

  test('files that are dropped on the page are taken', async () => {
    await page.goto(`${tap.origin}/?token=end-to-end`);
    await page.getByText('connected', { exact: true }).waitFor();
    const dropped = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['syntax = "proto3"; message Dropped {}'], 'dropped.proto'));
      return transfer;
    })()`);
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: dropped });
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/^Drop .proto files/).waitFor();
    await page.dispatchEvent('.drop-zone', 'drop', { dataTransfer: dropped });
    await dialog.getByText('dropped.proto').waitFor();
    await dialog.getByText('1 type of messages').waitFor();
  });
});
