import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { checkVersion, connect, parseVersion } from './connect.ts';
import { type FakeCluster, fakeCluster } from './test-support.ts';

let folder: string;
let cluster: FakeCluster;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-connect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster.close());

async function connectTo(kubeConfig: string) {
  const path = join(folder, 'config');
  writeFileSync(path, kubeConfig);
  return await connect({ path, environment: {} });
}

test('a cluster that answers', async () => {
  const { version, api } = await connectTo(cluster.kubeConfig);
  api.close();
  expect(version).toEqual({ major: 1, minor: 34, text: 'v1.34.4' });
});

test('a page of somebody else is called a proxy', async () => {
  cluster.intercept = () => ({ status: 200, body: '<html>Log in</html>' });
  await expect(connectTo(cluster.kubeConfig)).rejects.toMatchObject({
    code: 'proxy',
    message: expect.stringContaining('kube-config-path='),
  });
});

test('a server that is not there', async () => {
  const text = cluster.kubeConfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
  await expect(connectTo(text)).rejects.toMatchObject({ code: 'unreachable' });
});

test('an expired login', async () => {
  cluster.intercept = () => ({ status: 401, body: { reason: 'Unauthorized' } });
  await expect(connectTo(cluster.kubeConfig)).rejects.toMatchObject({ code: 'login' });
});

test('a certificate that nobody vouches for', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  const server = createTlsServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const text = cluster.kubeConfig.replace(/http:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`);
  await expect(connectTo(text)).rejects.toMatchObject({ code: 'certificate' });
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test.each([
  ['1', '20', false],
  ['1', '9', false],
  ['1', '21', true],
  ['1', '27+', true],
  ['2', '0', true],
])('Kubernetes %s.%s: new enough is %s', (major, minor, fits) => {
  const version = parseVersion(JSON.stringify({ major, minor }))!;
  if (fits) expect(() => checkVersion(version)).not.toThrow();
  else expect(() => checkVersion(version)).toThrow('needs 1.21 or newer');
});
