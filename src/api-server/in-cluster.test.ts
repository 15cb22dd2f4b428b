import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inClusterAccess } from './in-cluster.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mizu-account-'));
  writeFileSync(path.join(folder, 'token'), 'the token\n');
  writeFileSync(path.join(folder, 'ca.crt'), '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('in a pod: the service account, also over IPv6', async () => {
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  const access = inClusterAccess(environment, folder);
  expect(access?.getCurrentCluster()?.server).toBe('https://[fd00::1]:6443');
  const options: RequestOptions = {};
  await access?.applyToHTTPSOptions(options);
  expect(options.headers).toEqual({ authorization: 'Bearer the token' });
});

it('elsewhere: none', () => {
  expect(inClusterAccess({}, folder)).toBeUndefined();
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };
  expect(inClusterAccess(environment, path.join(folder, 'missing'))).toBeUndefined();
});
