import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openShop, type Shop } from './shop.ts';
import {
  deleteNamespace,
  freePort,
  home,
  isLong,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  resourcesIn,
  stopAll,
  Tap,
  tellLogsOfFailures,
  traces,
  until,
} from './support.ts';

const runs = noCluster === undefined && isLong;

/** What users of the original relied on (its acceptance tests), as far as its services are alive. */
afterEach(stopAll);

describe.skipIf(!runs)('as users of the original know it', () => {
  const { namespace, options } = resourcesIn('acc');
  tellLogsOfFailures(namespace);
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(newNamespace('acc'));
  });
  afterAll(async () => {
    deleteNamespace(shop.namespace);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  /** 50 calls, as the original's tests made them; some by an agent that is to be ignored. */
  function call(path: string): void {
    const code = `
      for (let i = 0; i < 50; i++) {
        for (const agent of ['shopper', 'kube-probe/1.34']) {
          const headers = { 'user-agent': agent, authorization: 'Bearer hush-hush', 'x-shown': 'plain' };
          await fetch('http://cart/${path}/' + agent.split('/')[0] + '/' + i, { headers }).then((r) => r.text());
        }
      }
    `;
    const words = ['exec', '-n', shop.namespace, 'client', '--', 'node', '--input-type=module'];
    kubectl([...words, '-e', code]);
  }

  async function headersOf(tap: Tap, path: string): Promise<string> {
    const entries = await until('50 calls are listed', async () => {
      const found = await tap.entries(`request.path startsWith "/${path}/shopper/"`);
      return found.length >= 50 ? found : undefined;
    });
    expect(entries).toHaveLength(50);
    return JSON.stringify(await tap.get(`entries/${entries[0]!.id}`));
  }

  test('a port for the page, secrets out of sight, ignored agents, logs at the end', async () => {
    const port = await freePort();
    const ignored = ['--set', 'tap.ignored-user-agents=kube-probe'];
    const words = ['-n', shop.namespace, ...options, ...ignored, '-p', String(port), '--dump-logs'];
    const tap = await Tap.start(words);
    expect(tap.page.url).toBe(`http://localhost:${port}`);
    await tap.capturing(2);
    call('secret');
    const headers = await headersOf(tap, 'secret');
    expect(headers).toContain('[REDACTED]');
    expect(headers).toContain('plain');
    expect(headers).not.toContain('hush-hush');
    expect(await tap.entries('request.path startsWith "/secret/kube-probe/"')).toEqual([]);
    // An illegal filter is refused with the place.
    await expect(tap.get('entries?filter=request.path+%3D%3D+%3D')).rejects.toThrow(/400/);
    const file = join(home, 'logs.zip');
    const logs = mizu(['logs', '-f', file, ...options]);
    expect(await logs.ended, logs.output).toBe(0);
    const names = execFileSync('unzip', ['-Z1', file], { encoding: 'utf8' });
    for (const part of ['mizu-api-server', 'mizu-tapper-daemon-set', 'events']) {
      expect(names).toContain(part);
    }
    expect(await tap.stop()).toBe(0);
    expect(readdirSync(join(home, '.mizu')).join()).toMatch(/mizu_logs.*\.zip/);
  });

  test('--no-redact shows everything; the port of file, --set and flag: the later wins', async () => {
    const [inFile, set, flag] = [await freePort(), await freePort(), await freePort()];
    const file = join(home, 'own.yaml');
    writeFileSync(file, `tap:\n  gui-port: ${inFile}\n`);
    const listed = mizu([
      'config',
      '--effective',
      '--config-path',
      file,
      '--set',
      `tap.gui-port=${set}`,
    ]);
    expect(await listed.ended).toBe(0);
    expect(listed.output).toMatch(new RegExp(`gui-port.*${set}`));
    const given = ['--config-path', file, '--set', `tap.gui-port=${set}`, '-p', String(flag)];
    const tap = await Tap.start(['-n', shop.namespace, ...options, '--no-redact', ...given]);
    expect(tap.page.url).toBe(`http://localhost:${flag}`);
    await tap.capturing(2);
    call('open');
    const headers = await headersOf(tap, 'open');
    expect(headers).not.toContain('[REDACTED]');
    expect(headers).toContain('hush-hush');
    expect(await tap.stop('SIGTERM')).toBe(0);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  test('a killed command: the next one cleans up after it; somebody running is named', async () => {
    const first = await Tap.start(['-n', shop.namespace, ...options]);
    const second = mizu(['tap', '-n', shop.namespace, '--headless', '-p', '0', ...options]);
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/already running.*mizu view.*session that .*@/s);
    await first.stop('SIGKILL');
    const third = await Tap.start(['-n', shop.namespace, ...options]);
    expect(third.output).toContain('has ended without cleaning up');
    await third.capturing(2);
    expect(await third.stop()).toBe(0);
  });

  test('a killed command whose lease is over: the cluster side removes itself', async () => {
    const tap = await Tap.start(['-n', shop.namespace, ...options, '--lease', '15s']);
    await tap.capturing(2);
    await tap.stop('SIGKILL');
    await until(
      () => `nothing is left: ${traces(namespace).join(', ')}`,
      () => traces(namespace).length === 0 || undefined,
      90_000,
    );
  });
});
