import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Side } from '../../dissect/contract.ts';
import { Note } from './parse-state.ts';
import { bytesOf, run, type SeenMessage, type TestOptions } from './test-stream.ts';

interface Seen {
  readonly messages: readonly SeenMessage[];
  readonly handedOver: readonly (string | undefined)[];
}

/** Feeds the bytes whole, byte by byte and in random cuts; all must tell the same. */
function see(side: Side, text: string, options: TestOptions = {}): Seen {
  const outcome = (pieces: readonly number[]) => {
    const stream = run(side, text, options, pieces);
    return { messages: stream.seen, handedOver: stream.handedOver };
  };
  const whole = outcome([Number.MAX_SAFE_INTEGER]);
  const same = (pieces: readonly number[]): void => {
    expect(outcome(pieces), `${pieces}`).toEqual(whole);
  };
  same([1]);
  for (const size of [2, 3, 7, 16, 61]) same([size]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), same),
    { numRuns: 30 },
  );
  return whole;
}

const requests = (text: string, options?: TestOptions) => see('client', text, options).messages;
const responses = (text: string, options?: TestOptions) => see('server', text, options).messages;
const ordinary = { notes: Array(20).fill(Note.Ordinary) as number[] };
const crlf = (...lines: string[]) => `${lines.join('\r\n')}\r\n`;

describe('requests', () => {
  test('a GET with what its row shows', () => {
    const text = crlf(
      'GET /a?b=c HTTP/1.1',
      'Host: shop:8080',
      'Content-Type: application/json; charset=utf-8',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '',
    );
    expect(requests(text)).toMatchObject([
      {
        kept: text,
        method: 'GET',
        target: '/a?b=c',
        host: 'shop:8080',
        contentType: 'application/json',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        version: 11,
        malformed: false,
      },
    ]);
  });

  test('pipelined requests, with bodies and empty lines between them', () => {
    const post = `${crlf('POST /1 HTTP/1.1', 'Content-Length: 5', '')}hello`;
    const seen = requests(`\r\n${post}\r\n\r\n${post}GET /2 HTTP/1.0\n\n`);
    expect(seen.map(({ method, target, size }) => [method, target, size])).toEqual([
      ['POST', '/1', post.length],
      ['POST', '/1', post.length],
      ['GET', '/2', 17],
    ]);
  });

  test.each([
    ['QUERY /x HTTP/1.1', 'QUERY', '/x', false],
    ['get /x HTTP/1.1', 'get', '/x', false],
    ['M-SEARCH * HTTP/1.1', 'M-SEARCH', '*', false],
    ['GET http://a:1/b?c HTTP/1.1', 'GET', 'http://a:1/b?c', false],
    ['GET  /x  HTTP/1.1', 'GET', '/x', true],
    ['GET\t/x\tHTTP/1.1', 'GET', '/x', true],
    ['GET /a b HTTP/1.1', 'GET', '/a b', true],
    ['GET /x http/1.1', 'GET', '/x', true],
    ['GET /x HTTP/1.1 ', 'GET', '/x', true],
    ['GET /x HTTP/1.2', 'GET', '/x', true],
    ['POST /xHTTP/1.1', 'POST', '/xHTTP/1.1', true],
    ['OPTIONS HTTP/1.1', 'OPTIONS', 'HTTP/1.1', true],
    ['GET /\xe9\xff HTTP/1.1', 'GET', '/\xe9\xff', false],
    ['GET /\0 HTTP/1.1', 'GET', '/\0', true],
  ])('the request line %j', (line, method, target, malformed) => {
    expect(requests(crlf(line, ''))).toMatchObject([{ method, target, malformed }]);
    expect(requests(`${line}\n\n`)).toMatchObject([{ method, target, malformed }]);
  });

  test('the answer is told what it must know of its request', () => {
    const notes = requests(
      [
        'HEAD / HTTP/1.1\r\n\r\n',
        'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n',
        'GET / HTTP/1.1\r\n\r\n',
        'CONNECT a:443 HTTP/1.1\r\n\r\n',
      ].join(''),
    ).map((message) => message.note);
    expect(notes).toEqual([Note.Head, Note.Upgrade, Note.Ordinary, Note.Connect]);
  });

  test('HTTP/0.9 is a first line without version, and nothing after it', () => {
    expect(requests('GET /old\r\n\r\nwhatever follows')).toMatchObject([
      { method: 'GET', target: '/old', version: 9, note: Note.Simple },
    ]);
    expect(requests('GET / HTTP/1.1\r\n\r\nGET /old\r\n')).toHaveLength(1);
    expect(requests('POST /old\r\n')).toEqual([]);
    expect(requests('GET key\r\n')).toEqual([]);
  });

  test('the preface of HTTP/2 is no request', () => {
    expect(requests('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toEqual([]);
  });

  test('rubbish between requests costs only itself', () => {
    const seen = requests('GET /1 HTTP/1.1\r\n\r\n<junk>\nabcPOST /2 HTTP/1.1\r\n\r\n');
    expect(seen.map((message) => message.target)).toEqual(['/1', '/2']);
  });

  test('a request without its last line end', () => {
    expect(requests('GET /x HTTP/1.1')).toMatchObject([
      { method: 'GET', target: '/x', version: 11, unfinished: true },
    ]);
  });
});

describe('fields', () => {
  test.each([
    ['Content-Length: 3', false],
    ['content-length:3', false],
    ['CONTENT-LENGTH:\t 3 \t', false],
    ['Content-Length: 3\r\nContent-Length: 3', false],
    ['Content-Length: 3, 3', false],
    ['Content-Length: 3\r\nContent-Length: 7', true],
    ['Content-Length:\r\n 3', true],
    ['Content-Length : 3', true],
    ['Content-Length: 3abc', true],
    ['X: a\0b\r\nContent-Length: 3', true],
    ['no colon\r\nContent-Length: 3', true],
    [': empty name\r\nContent-Length: 3', true],
    ['Transfer-Encoding: identity\r\nContent-Length: 3', false],
  ])('the length in %j', (header, malformed) => {
    const text = `${crlf('POST / HTTP/1.1', header, '')}abcGET /next HTTP/1.1\r\n\r\n`;
    const seen = requests(text);
    expect(seen).toMatchObject([{ method: 'POST', malformed }, { target: '/next' }]);
    expect(seen[0]!.kept.endsWith('abc')).toBe(true);
  });

  test.each([
    ['Transfer-Encoding: chunked', false],
    ['transfer-encoding: CHUNKED', false],
    ['Transfer-Encoding: ,\tchunked,', false],
    ['Transfer-Encoding: gzip, chunked', false],
    ['Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked', false],
    ['Transfer-Encoding:\r\n chunked', true],
    ['Transfer-Encoding: chunked\r\nContent-Length: 99', true],
    ['Transfer-Encoding: chunked, chunked', true],
  ])('the coding in %j', (header, malformed) => {
    const body = '3;name="x"\r\nabc\r\n2 \r\nde\r\n0\r\nExpires: 0\r\n\r\n';
    const text = `${crlf('POST / HTTP/1.1', header, '')}${body}GET /next HTTP/1.1\r\n\r\n`;
    const seen = requests(text);
    expect(seen).toMatchObject([{ method: 'POST', malformed }, { target: '/next' }]);
    expect(seen[0]!.kept.endsWith(body)).toBe(true);
  });

  test.each([
    ['x-b3-traceid: 463ac35c9f6413ad48485a3953bb6124', '463ac35c9f6413ad48485a3953bb6124'],
    ['b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1', '80f198ee56343ba864fe8b2a57d3eff7'],
    ['b3: 0', ''],
    ['uber-trace-id: 3e69e1a3c5a46b12:1:0:1', '3e69e1a3c5a46b12'],
    ['uber-trace-id: 3e69e1a3c5a46b12%3A1%3A0%3A1', '3e69e1a3c5a46b12'],
    ['traceparent: nonsense', ''],
  ])('the trace in %j', (header, traceId) => {
    expect(requests(crlf('GET / HTTP/1.1', header, ''))).toMatchObject([{ traceId }]);
  });

  test('secrets by their names, in heads, interim heads and trailers', () => {
    const request = crlf(
      'GET / HTTP/1.1',
      'User-Agent: curl',
      'AUTHORIZATION: Bearer abc ',
      'X_Api_Key:k',
      'Cookie: a=b',
      'Host: x',
      'Sec-WebSocket-Key: q',
      'Proxy-Authorization : spaced',
      'X-Empty-Token:',
      '',
    );
    expect(requests(request)[0]!.redacted).toEqual(['Bearer abc', 'k', 'a=b', 'spaced']);
    expect(requests(request, { redacting: false })[0]!.redacted).toEqual([]);
    const response = [
      'HTTP/1.1 103 Early Hints\r\nSet-Cookie: early\r\n\r\n',
      'HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1\r\nx\r\n0\r\nX-Token: late\r\n\r\n',
    ].join('');
    expect(responses(response, ordinary)[0]!.redacted).toEqual(['early', 's=1', 'late']);
  });

  test('an empty line with more carriage returns than it needs', () => {
    const text = 'POST / HTTP/1.1\nContent-Length: 3\n\r\r\nabc';
    expect(requests(`${text}${text}`)).toMatchObject([{ kept: text }, { kept: text }]);
  });

  test('a head beyond the limit: its beginning is kept and the next message is found', () => {
    const long = crlf('GET /big HTTP/1.1', 'Host: a', `Cookie: ${'x'.repeat(70_000)}`, '');
    const stream = run('client', `${long}GET /next HTTP/1.1\r\n\r\n`);
    expect(stream.seen).toMatchObject([
      { kept: 'GET /big HTTP/1.1\r\nHost: a\r\n', size: 65_536, malformed: true, host: 'a' },
      { target: '/next', malformed: false },
    ]);
    const pieces = run('client', `${long}GET /next HTTP/1.1\r\n\r\n`, {}, [999]);
    expect(pieces.seen).toEqual(stream.seen);
  });
});

describe('responses', () => {
  test.each([
    ['HTTP/1.1 200 OK', 200, 11, false],
    ['HTTP/1.0 404 Not Found', 404, 10, false],
    ['HTTP/1.1 200', 200, 11, false],
    ['HTTP/1.1 200 ', 200, 11, false],
    ['HTTP/1.1 200 \xe9\0', 200, 11, false],
    ['http/1.1 200 ok', 200, 11, true],
    ['HTTP/1.1  200 OK', 200, 11, true],
    ['HTTP/1.1 2XX OK', 2, 11, true],
    ['HTTP/1.1 20 OK', 20, 11, true],
    ['HTTP/1.3 200 OK', 200, 13, true],
  ])('the status line %j', (line, status, version, malformed) => {
    const text = `${crlf(line, 'Content-Length: 2', '')}ok`;
    const seen = responses(text + text, ordinary);
    expect(seen).toMatchObject([
      { kept: text, status, version, malformed, failed: status >= 400 },
      { kept: text },
    ]);
  });

  test('no body after HEAD, 204, 304, whatever the head says', () => {
    const head = crlf('HTTP/1.1 200 OK', 'Content-Length: 100', '');
    const none = crlf('HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked', '');
    const same = crlf('HTTP/1.1 304 Not Modified', 'Content-Length: 5', '');
    const notes = [Note.Head, Note.Ordinary, Note.Ordinary, Note.Head];
    const seen = responses(head + none + same + head, { notes });
    expect(seen.map((message) => message.kept)).toEqual([head, none, same, head]);
  });

  test('the answer to a HEAD that was not seen', () => {
    const head = crlf('HTTP/1.1 200 OK', 'Content-Length: 100', '');
    const seen = responses(head + head, {});
    expect(seen).toMatchObject([{ kept: head }, { kept: head, unfinished: true }]);
  });

  test('interim responses are part of the final one', () => {
    const text = [
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ].join('');
    expect(responses(text + text, ordinary)).toMatchObject([
      { kept: text, status: 200 },
      { kept: text, status: 200 },
    ]);
  });

  test('without a length the body lasts until the end', () => {
    const text = 'HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello\r\n\r\nworld';
    expect(responses(text, ordinary)).toMatchObject([{ kept: text, unfinished: false }]);
    const coded = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nhello';
    expect(responses(coded, ordinary)).toMatchObject([{ kept: coded, unfinished: false }]);
  });

  test('a server that forgets the length of nothing', () => {
    const text = 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n';
    const last = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx';
    expect(responses(text + last, ordinary)).toMatchObject([{ kept: text }, { kept: last }]);
  });

  test('the answer of HTTP/0.9 is a body, unless it has a head', () => {
    expect(responses('\r\n<html>', { notes: [Note.Simple] })).toMatchObject([
      { kept: '\r\n<html>', status: 0, version: 9 },
    ]);
    expect(responses('Hello', { notes: [Note.Simple] })).toMatchObject([{ kept: 'Hello' }]);
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx';
    expect(responses(text, { notes: [Note.Simple] })).toMatchObject([{ kept: text, status: 200 }]);
  });

  test('101 hands the connection over', () => {
    const text = crlf('HTTP/1.1 101 Switching Protocols', 'Upgrade: WebSocket', '');
    const seen = see('server', `${text}\x81\x05hello`, { notes: [Note.Upgrade] });
    expect(seen.messages).toMatchObject([{ kept: text, status: 101 }]);
    expect(seen.handedOver).toEqual(['websocket']);
  });

  test('CONNECT hands the connection over, to whatever comes', () => {
    const text = crlf('HTTP/1.1 200 Established', 'Content-Length: 5', '');
    const seen = see('server', `${text}\x16\x03\x01`, { notes: [Note.Connect] });
    expect(seen).toMatchObject({ messages: [{ kept: text }], handedOver: [undefined] });
    const refused = `${crlf('HTTP/1.1 407 No', 'Content-Length: 2', '')}no`;
    const no = see('server', refused, { notes: [Note.Connect] });
    expect(no).toMatchObject({ messages: [{ kept: refused }], handedOver: [] });
  });

  test('bytes sent ahead of the answer to CONNECT wait for it', () => {
    const stream = run('client', 'CONNECT a:1 HTTP/1.1\r\n\r\n\x16\x03\x01', {
      notes: [0, Note.Connect],
    });
    expect(stream.seen).toHaveLength(1);
    expect(stream.dropped).toBe(0);
  });

  test('a chunk size that is none', () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n';
    const next = 'HTTP/1.1 204 Next\r\n\r\n';
    expect(responses(text + next, ordinary)).toMatchObject([
      { malformed: true, status: 200 },
      { kept: next },
    ]);
    const huge = text.replace('zz', 'fffffffffffffffff');
    expect(responses(huge + next, ordinary)).toMatchObject([
      { malformed: true, status: 200 },
      { kept: next },
    ]);
  });

  test('a side that ends within a body', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello';
    expect(responses(text, ordinary)).toMatchObject([{ kept: text, unfinished: true }]);
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel';
    expect(responses(chunked, ordinary)).toMatchObject([{ kept: chunked, unfinished: true }]);
    expect(responses('HTTP/1.1 200 OK\r\nSet-Coo', ordinary)).toMatchObject([
      { kept: 'HTTP/1.1 200 OK\r\n', status: 200, unfinished: true },
    ]);
  });
});

describe('bodies above the limit', () => {
  const limit = { bodyLimit: 10, ...ordinary };
  const next = 'HTTP/1.1 204 Next\r\n\r\n';

  test('of known length', () => {
    const head = 'HTTP/1.1 200 OK\r\nSet-Cookie: s\r\nContent-Length: 300\r\n\r\n';
    expect(responses(`${head}${'x'.repeat(300)}${next}`, limit)).toMatchObject([
      {
        kept: `${head}xxxxxxxxxx`,
        size: head.length + 300,
        cut: true,
        complete: true,
        unfinished: false,
        redacted: ['s'],
      },
      { kept: next, cut: false },
    ]);
  });

  test('of exactly the limit', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxxxxxxxxx';
    expect(responses(text + next, limit)).toMatchObject([{ kept: text, cut: false }, {}]);
  });

  test('in chunks, with trailers', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const body = `4\r\nabcd\r\n20;x\r\n${'y'.repeat(32)}\r\n3\r\nabc\r\n0\r\nToken: t\r\n\r\n`;
    expect(responses(head + body + next, limit)).toMatchObject([
      { kept: head + body.slice(0, 10), size: head.length + body.length, cut: true, redacted: [] },
      { kept: next },
    ]);
    // The limit falls into the trailers: they are left out.
    const trailed = `0\r\nToken: secret\r\n\r\n`;
    expect(responses(head + trailed + next, limit)).toMatchObject([
      { kept: `${head}0\r\n`, size: head.length + trailed.length, cut: true, redacted: [] },
      { kept: next },
    ]);
  });

  test('that last until the end', () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    const body = 'z'.repeat(50);
    expect(responses(head + body, limit)).toMatchObject([
      { kept: head + body.slice(0, 10), size: head.length + 50, cut: true, unfinished: false },
    ]);
  });

  test('that end too early', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n';
    expect(responses(`${head}${'x'.repeat(100)}`, limit)).toMatchObject([
      { size: head.length + 100, cut: true, unfinished: true, complete: true },
    ]);
  });

  test('when nothing of a body may be kept', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
    const empty = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    const seen = responses(`${head}abc${empty}`, { ...ordinary, bodyLimit: 0 });
    expect(seen).toMatchObject([
      { kept: head, size: head.length + 3, cut: true },
      { kept: empty, cut: false },
    ]);
  });
});

describe('properties', () => {
  const line = fc.constantFrom(
    'GET /a HTTP/1.1',
    'POST /b HTTP/1.1',
    'HTTP/1.1 200 OK',
    'HTTP/1.0 500',
    'HTTP/1.1 100 Continue',
    'Content-Length: 5',
    'Content-Length: 40',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Authorization: secret',
    ' folded',
    'no colon',
    '5',
    'hello',
    '0',
    'zz',
    '',
    '',
  );
  const text = fc
    .array(fc.tuple(line, fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '')), {
      maxLength: 25,
    })
    .map((lines) => lines.flat().join(''));
  const bytes = fc.oneof(
    { weight: 5, arbitrary: text.map(bytesOf) },
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(text, fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([base, at, junk]) => {
      const mutated = bytesOf(base);
      mutated.set(junk.subarray(0, mutated.length), at % Math.max(1, mutated.length - junk.length));
      return mutated;
    }),
  );
  const sides = fc.constantFrom<Side>('client', 'server');
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 });
  const notes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 });
  const limits = fc.constantFrom(0, 3, 20, 1 << 20);

  test('however the bytes are cut, the same messages come out', () => {
    fc.assert(
      fc.property(bytes, sides, cuts, notes, limits, (input, side, pieces, list, bodyLimit) => {
        const options = { notes: list, bodyLimit };
        const whole = run(side, input, options);
        for (const sizes of [[1], pieces]) {
          const again = run(side, input, options, sizes);
          expect(again.seen).toEqual(whole.seen);
          expect(again.handedOver).toEqual(whole.handedOver);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('no kept byte is invented, and sizes add up to what came', () => {
    fc.assert(
      fc.property(bytes, sides, limits, (input, side, bodyLimit) => {
        const { seen } = run(side, input, { bodyLimit });
        const all = Buffer.from(input).toString('latin1');
        let at = 0;
        for (const message of seen) {
          const found = all.indexOf(message.kept, at);
          expect(found).toBeGreaterThanOrEqual(at);
          at = found + message.size;
        }
        expect(at).toBeLessThanOrEqual(input.length);
      }),
      { numRuns: 2000 },
    );
  });
});
