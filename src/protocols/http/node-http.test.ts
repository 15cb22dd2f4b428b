/**
 * An independent encoder: Node's own client and server talk through a relay that keeps both directions,
 * and what we read from those bytes must be what Node says it sent and received.
 */
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpProtocol } from './index.ts';
import { bytesOf, run } from './test-stream.ts';

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
}

const heard: Heard[] = [];
/** Bytes of each connection: client's, server's. */
const connections: [Buffer[], Buffer[]][] = [];

const server = http.createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts).toString('latin1');
    heard.push({
      method: request.method!,
      url: request.url!,
      headers: request.rawHeaders,
      body,
    });
    answer(request.url!, body, response);
  });
});
server.on('checkContinue', (request, response) => {
  response.writeContinue();
  server.emit('request', request, response);
});
server.on('upgrade', (_request, socket) => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nraw');
});

function answer(url: string, body: string, response: http.ServerResponse): void {
  if (url.startsWith('/chunked')) {
    response.writeHead(200, { Trailer: 'X-Sum' });
    for (let i = 0; i < 5; i++) response.write(`part ${i} of ${body}\n`);
    response.addTrailers({ 'X-Sum': 'abc' });
    response.end();
  } else if (url.startsWith('/early')) {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('late');
  } else if (url.startsWith('/empty')) {
    response.writeHead(204, 'Nothing Here');
    response.end();
  } else if (url.startsWith('/close')) {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.removeHeader('content-length');
    response.write('until ');
    response.end('the end');
  } else {
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.end(`answer to ${url} ${body}`);
  }
}

const relay = net.createServer((client) => {
  const both: [Buffer[], Buffer[]] = [[], []];
  connections.push(both);
  const upstream = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  client.on('data', (data) => both[0].push(data));
  upstream.on('data', (data) => both[1].push(data));
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.pipe(upstream).pipe(client);
});

interface Received {
  readonly status: number;
  readonly text: string;
  readonly headers: readonly string[];
  readonly trailers: NodeJS.Dict<string>;
  readonly body: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let port = 0;

function call(options: http.RequestOptions, body?: string | string[]): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', agent, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          text: response.statusMessage!,
          headers: response.rawHeaders,
          trailers: response.trailers,
          body: Buffer.concat(parts).toString('latin1'),
        }),
      );
    });
    request.on('error', reject);
    if (Array.isArray(body)) for (const part of body) request.write(part);
    else if (body !== undefined) request.write(body);
    request.end();
  });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => void relay.listen(0, '127.0.0.1', resolve));
  port = (relay.address() as net.AddressInfo).port;
});

afterAll(() => {
  agent.destroy();
  relay.close();
  server.close();
});

function pairs(raw: readonly string[]): { name: string; value: string }[] {
  return Array.from({ length: raw.length / 2 }, (_, i) => ({
    name: raw[2 * i]!,
    value: raw[2 * i + 1]!,
  }));
}

test('what Node sends and receives is what we read', async () => {
  const received: Received[] = [];
  received.push(await call({ path: '/plain?x=1' }));
  received.push(
    await call({ path: '/post', method: 'POST', headers: { 'Content-Length': 5 } }, 'hello'),
  );
  received.push(await call({ path: '/chunked', method: 'PUT' }, ['one ', 'two ', 'three']));
  received.push(await call({ path: '/head', method: 'HEAD' }));
  received.push(await call({ path: '/early' }));
  received.push(await call({ path: '/empty', method: 'DELETE' }));
  received.push(
    await call(
      { path: '/wait', method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 2 } },
      'ok',
    ),
  );
  received.push(await call({ path: '/close' }));

  const seen = connections.flatMap(([client, upstream]) => {
    const requests = run('client', Buffer.concat(client)).seen;
    const notes = requests.map((request) => request.note);
    const pieces = upstream.map((part) => part.length);
    const responses = run('server', Buffer.concat(upstream), { notes }, pieces).seen;
    expect(responses).toHaveLength(requests.length);
    return requests.map((request, i) => ({ request, response: responses[i]! }));
  });
  expect(seen).toHaveLength(received.length);

  for (const [i, { request, response }] of seen.entries()) {
    expect([request.malformed, response.malformed, response.unfinished]).toEqual([
      false,
      false,
      false,
    ]);
    const decoded = httpProtocol.decode({
      version: 11,
      request: bytesOf(request.kept),
      response: bytesOf(response.kept),
      incomplete: 0,
    });
    const said = heard[i]!;
    expect(decoded.request).toMatchObject({
      method: said.method,
      url: said.url,
      headerList: pairs(said.headers),
    });
    const postData = decoded.request!['postData'] as { text: string } | undefined;
    expect(postData?.text ?? '').toBe(said.body);
    const got = received[i]!;
    expect(decoded.response).toMatchObject({
      status: got.status,
      statusText: got.text,
      headerList: pairs(got.headers),
      content: { text: got.body },
    });
    expect(response.status).toBe(got.status);
  }
  const [, , chunked, , early] = seen.map(({ response }) => bytesOf(response.kept));
  const decode = (bytes: Uint8Array | undefined) =>
    httpProtocol.decode({ version: 11, request: undefined, response: bytes, incomplete: 0 })
      .response;
  expect(decode(chunked)).toMatchObject({ trailers: { 'X-Sum': 'abc' } });
  expect(decode(early)).toMatchObject({ interim: [{ status: 103 }] });
});

test('pipelined by hand, and an upgrade', async () => {
  const before = connections.length;
  const socket = net.connect(port, '127.0.0.1');
  const text = [
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n',
    'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
  ];
  socket.write(text[0]! + text[1]! + text[2]!);
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.write(text[3]!);
  await new Promise((resolve) => {
    socket.on('close', resolve);
    socket.resume();
  });
  const [client, upstream] = connections[before]!;
  const requests = run('client', Buffer.concat(client)).seen;
  expect(requests.map((request) => request.kept)).toEqual(text);
  const notes = requests.map((request) => request.note);
  const answers = run('server', Buffer.concat(upstream), { notes }, [7]);
  expect(answers.seen.map((response) => response.status)).toEqual([200, 200, 200, 101]);
  expect(answers.handedOver).toEqual(['echo']);
});
