import { createServer as createPlainServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, test } from 'vitest';
import { apiReader } from './api-reader.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function plainServer(answer: RequestListener) {
  const server = createPlainServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  const cluster = { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
  config.loadFromClusterAndUser(cluster, { name: 'u' });
  return apiReader(config);
}

describe('reading the API', () => {
  test('a refusal carries what the API server says', async () => {
    const status = { kind: 'Status', reason: 'Forbidden', message: 'pods is forbidden' };
    const reader = await plainServer((_, response) => {
      response.writeHead(403, { 'retry-after': '7' }).end(JSON.stringify(status));
    });
    await expect(reader.get({ path: '/api/v1/pods' })).rejects.toMatchObject({
      message: 'pods is forbidden',
      reason: 'Forbidden',
      status: 403,
      retryAfterMs: 7000,
    });
  });

  test('a proxy in between that answers with a page is an error as well', async () => {
    const reader = await plainServer((_, response) => {
      response.writeHead(502).end('<html>');
    });
    await expect(reader.get({ path: '/' })).rejects.toMatchObject({ status: 502 });
  });

  test('a watch that falls silent ends as idle', async () => {
    const reader = await plainServer((_, response) => {
      response.write('{"type":"ADDED"}\n{"type"');
    });
    const lines: unknown[] = [];
    const watch = reader.lines({ path: '/' }, 60, (line) => lines.push(line));
    await expect(watch).rejects.toMatchObject({ reason: 'Idle', status: 0 });
    expect(lines).toEqual([{ type: 'ADDED' }]);
  });

  test('events may come in pieces', async () => {
    const reader = await plainServer(async (_, response) => {
      for (const piece of ['{"n":1}\n{"n', '":"ä', '"}', '\n']) {
        response.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      response.end();
    });
    const lines: unknown[] = [];
    await reader.lines({ path: '/' }, 1000, (line) => lines.push(line));
    expect(lines).toEqual([{ n: 1 }, { n: 'ä' }]);
  });
});
