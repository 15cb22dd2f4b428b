import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { watchSilentNodes } from './silent-nodes.ts';

test('says once which nodes nobody reads, and when that is over', async () => {
  // An API server that has just come up may not know yet; then answers as they change.
  const answers = [
    'not JSON',
    { silentNodes: ['node-2'] },
    { silentNodes: ['node-2'] },
    { silentNodes: ['node-1', 'node-2'] },
    { silentNodes: ['node-1'] },
    {},
  ];
  const asked: (string | undefined)[] = [];
  const ending = new AbortController();
  const server = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${headers.authorization}`);
    const answer = answers.shift();
    if (answer === undefined) ending.abort();
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stderr = new PassThrough();
  const { port } = server.address() as AddressInfo;
  const options = { port, token: 'secret', everyMs: 1 };
  await watchSilentNodes({ stderr, environment: {} }, options, ending.signal);
  server.closeAllConnections();
  server.close();
  expect(String(stderr.read()).split('\n')).toEqual([
    expect.stringContaining('Nothing is read on node-2'),
    expect.stringContaining('Nothing is read on node-1'),
    expect.stringContaining('node-2 is read again'),
    expect.stringContaining('node-1 is read again'),
    '',
  ]);
  expect(asked[0]).toBe('/api/v1/targets/summary Bearer secret');
});
