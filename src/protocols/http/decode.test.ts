import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Incomplete, type Payload } from '../../dissect/contract.ts';
import { httpBody } from './decode.ts';
import { maxInflatedBytes } from './decode-codings.ts';
import { httpProtocol } from './index.ts';

function payload(
  request: string | Uint8Array,
  response?: string | Uint8Array,
  incomplete = 0,
): Payload {
  const bytes = (part: string | Uint8Array) =>
    typeof part === 'string' ? new Uint8Array(Buffer.from(part, 'latin1')) : part;
  return {
    version: 11,
    request: bytes(request),
    response: response === undefined ? undefined : bytes(response),
    incomplete,
  };
}
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const decodeRequest = (text: string | Uint8Array, incomplete = 0) =>
  plain(httpProtocol.decode(payload(text, undefined, incomplete)).request);
const decodeResponse = (text: string | Uint8Array, incomplete = 0) =>
  plain(httpProtocol.decode(payload('', text, incomplete)).response);
const withBody = (head: string, body: Uint8Array) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), body]);
const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

describe('a request', () => {
  test('as the original named its parts', () => {
    const text = get(
      '/a/b%20c?q=1&q=2&r=%C3%A9+x&flag',
      'Host: shop\r\nCookie: a=1; b="2"\r\nX-A: 1\r\nx-a: 2\r\n',
    );
    expect(decodeRequest(text)).toEqual({
      method: 'GET',
      url: '/a/b%20c?q=1&q=2&r=%C3%A9+x&flag',
      targetUri: '/a/b%20c?q=1&q=2&r=%C3%A9+x&flag',
      httpVersion: 'HTTP/1.1',
      host: 'shop',
      path: '/a/b%20c',
      pathSegments: ['a', 'b%20c'],
      queryString: { q: ['1', '2'], r: 'é x', flag: '' },
      headers: { Host: 'shop', Cookie: 'a=1; b="2"', 'X-A': '1, 2' },
      headerList: [
        { name: 'Host', value: 'shop' },
        { name: 'Cookie', value: 'a=1; b="2"' },
        { name: 'X-A', value: '1' },
        { name: 'x-a', value: '2' },
      ],
      cookies: { a: '1', b: '2' },
      headersSize: text.length,
      bodySize: 0,
    });
  });

  test.each([
    ['http://a.b:1/x/y?z', '/x/y'],
    ['http://a.b', '/'],
    ['*', '*'],
    ['a.b:443', 'a.b:443'],
    ['/x#y', '/x'],
    ['/a//b', '/a//b'],
  ])('path of the target %s', (target, path) => {
    expect(decodeRequest(get(target)).path).toBe(path);
  });

  test('a form', () => {
    const head = 'POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n';
    expect(decodeRequest(`${head}a=1&b=%zz&c=x%20y`).postData).toMatchObject({
      mimeType: 'application/x-www-form-urlencoded',
      text: 'a=1&b=%zz&c=x%20y',
      params: [
        { name: 'a', value: '1' },
        { name: 'b', value: '%zz' },
        { name: 'c', value: 'x y' },
      ],
    });
  });

  test('a multipart form with a file', () => {
    const text = [
      'POST / HTTP/1.1',
      'Content-Type: multipart/form-data; boundary="x y"',
      '',
      'preamble',
      '--x y',
      'Content-Disposition: form-data; name="title"',
      '',
      'Holiday',
      '--x y',
      'Content-Disposition: form-data; name="photo"; filename="a.png"',
      'Content-Type: image/png',
      '',
      '\x89PNG\r\n',
      '--x y--',
      '',
    ].join('\r\n');
    expect(decodeRequest(text).postData.params).toEqual([
      { name: 'title', value: 'Holiday', size: 7 },
      { name: 'photo', fileName: 'a.png', contentType: 'image/png', size: 6 },
    ]);
    const cut = decodeRequest(text.slice(0, -30), Incomplete.RequestCut).postData;
    expect(cut).toMatchObject({ cut: true, params: [{ name: 'title' }, { name: 'photo' }] });
  });

  test('a multipart body in another, whose boundary begins with the outer one', () => {
    const text = [
      'POST / HTTP/1.1',
      'Content-Type: multipart/form-data; boundary=outer',
      '',
      '--outer',
      'Content-Disposition: form-data; name="note"',
      '',
      'no end: --outer, nor\r\n--outermost',
      '--outer  ',
      'Content-Disposition: form-data; name="files"',
      'Content-Type: multipart/mixed; boundary=outer2',
      '',
      '--outer2',
      'Content-Disposition: file; filename="one.txt"',
      'Content-Type: text/plain',
      '',
      'first',
      '--outer2',
      "Content-Disposition: file; filename*=UTF-8''na%C3%AFve.bin",
      '',
      'second',
      '--outer2--',
      '--outer--',
      'epilogue',
    ];
    const decoded = decodeRequest(text.join('\r\n'));
    expect(decoded.postData.params).toEqual([
      { name: 'note', value: 'no end: --outer, nor\r\n--outermost', size: 33 },
      {
        name: 'files',
        contentType: 'multipart/mixed; boundary=outer2',
        size: 182,
        parts: [
          { name: '', fileName: 'one.txt', contentType: 'text/plain', size: 5 },
          { name: '', fileName: 'naïve.bin', size: 6 },
        ],
      },
    ]);
    const sections = httpProtocol.describe({ request: decoded as never, response: undefined });
    expect(sections.request.find(({ title }) => title === 'Parts')).toMatchObject({
      rows: [
        { name: 'note' },
        { name: 'files', value: 'multipart/mixed; boundary=outer2, 182 bytes' },
        { name: 'files / ', path: 'request.postData.params[1].parts[0].fileName' },
        { name: 'files / ', value: 'naïve.bin, 6 bytes' },
      ],
    });
  });

  test('a long multipart body: parts without end, and the last one cut', () => {
    const file = 'x'.repeat(300_000);
    const part = (i: number) =>
      `--b\r\nContent-Disposition: form-data; name="f${i}"; filename="${i}.bin"\r\n\r\n${file}\r\n`;
    const head = 'POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n';
    const { params } = decodeRequest(head + part(0) + part(1) + part(2).slice(0, -2)).postData;
    expect(params).toEqual([
      { name: 'f0', fileName: '0.bin', size: 300_000 },
      { name: 'f1', fileName: '1.bin', size: 300_000 },
      { name: 'f2', fileName: '2.bin', size: 300_000, cut: true },
    ]);
    const many = head + '--b\r\n\r\n\r\n'.repeat(5000);
    expect(decodeRequest(many).postData.params).toHaveLength(1000);
  });

  test('names that mean something to JavaScript', () => {
    const request = httpProtocol.decode(
      payload(get('/?__proto__=1', 'constructor: 2\r\n__proto__: 3\r\n')),
    ).request!;
    expect(JSON.stringify(request['headers'])).toBe('{"constructor":"2","__proto__":"3"}');
    expect(JSON.stringify(request['queryString'])).toBe('{"__proto__":"1"}');
  });

  test('what is wrong with it, in words', () => {
    const text =
      'GET  /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\nA : b\r\n c\r\njunk\r\n\r\nx';
    const problems = decodeRequest(text).problems.join('\n');
    for (const word of ['first line', '1 and 2', 'folded', 'no colon', 'characters']) {
      expect(problems).toContain(word);
    }
  });

  test('the true size of a body of which only the beginning was kept', () => {
    const text = 'POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\nabc';
    expect(decodeRequest(text, Incomplete.RequestCut)).toMatchObject({
      bodySize: 5000,
      postData: { text: 'abc', size: 5000, kept: 3, cut: true },
    });
    expect(decodeRequest(text.slice(0, -3), Incomplete.RequestCut)).toMatchObject({
      postData: { text: '', size: 5000, kept: 0, cut: true },
    });
  });
});

describe('a response', () => {
  test('with interim responses, chunks and trailers', () => {
    const text = [
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
      'HTTP/1.1 302 Found  it\r\nLocation: /b\r\nSet-Cookie: s=1; Path=/\r\nSet-Cookie: t=2\r\n',
      'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n',
      '3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n',
    ].join('');
    expect(decodeResponse(text)).toMatchObject({
      status: 302,
      statusText: 'Found  it',
      redirectURL: '/b',
      cookies: { s: '1', t: '2' },
      content: { text: 'abcde', size: 5, mimeType: 'text/plain' },
      bodySize: 5,
      trailers: { 'X-Sum': '1' },
      interim: [{ status: 100 }, { status: 103, headers: { Link: '</a>' } }],
    });
  });

  test('of HTTP/0.9', () => {
    expect(decodeResponse('<html>hi</html>')).toMatchObject({
      status: 0,
      httpVersion: 'HTTP/0.9',
      content: { text: '<html>hi</html>' },
    });
  });

  test('a status that is none', () => {
    expect(decodeResponse('HTTP/1.1 2XX OK\r\n\r\n')).toMatchObject({
      status: 2,
      statusText: 'XX OK',
      problems: ['the first line is unusual: HTTP/1.1 2XX OK'],
    });
  });
});

describe('compressed bodies', () => {
  const text = 'The quick brown fox. '.repeat(500);
  const type = 'Content-Type: text/plain';
  test.each([
    ['gzip', zlib.gzipSync(text)],
    ['X-GZIP', zlib.gzipSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['br', zlib.brotliCompressSync(text)],
    ['zstd', zlib.zstdCompressSync(text)],
    ['identity, gzip, identity, gzip, gzip', zlib.gzipSync(zlib.gzipSync(zlib.gzipSync(text)))],
    ['deflate, br', zlib.brotliCompressSync(zlib.deflateSync(text))],
  ])('by %s', (coding, body) => {
    const { content, bodySize } = decodeResponse(
      withBody(`${type}\r\nContent-Encoding: ${coding}`, body),
    );
    expect(content).toMatchObject({ text, size: text.length });
    expect(content).not.toHaveProperty('remark');
    expect(bodySize).toBe(body.length);
  });

  test('by the transfer coding', () => {
    const body = zlib.gzipSync(text);
    const chunked = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const { content } = decodeResponse(
      withBody(`${type}\r\nTransfer-Encoding: gzip, chunked`, chunked),
    );
    expect(content).toMatchObject({ text, coding: 'gzip' });
  });

  const noise = Buffer.from(
    Array.from({ length: 5000 }, (_, i) => `${Math.imul(i, 2654435761) >>> 0} `).join(''),
  );

  test.each([
    ['gzip', zlib.gzipSync(noise)],
    ['deflate', zlib.deflateSync(noise)],
    ['br', zlib.brotliCompressSync(noise)],
    ['zstd', zlib.zstdCompressSync(noise, { params: { [zlib.constants.ZSTD_c_windowLog]: 14 } })],
  ])('by %s, cut: as far as it goes', (coding, body) => {
    const part = body.subarray(0, body.length * 0.7);
    const { content } = decodeResponse(withBody(`${type}\r\nContent-Encoding: ${coding}`, part));
    expect(content.text.length).toBeGreaterThan(1000);
    expect(noise.toString().startsWith(content.text)).toBe(true);
    expect(content.remark).toBe(`${coding}, cut short: shown as far as it goes`);
  });

  test('damaged in the middle: what comes before is shown', () => {
    const body = Buffer.from(zlib.gzipSync(noise));
    body.fill(0xff, body.length / 2, body.length / 2 + 40);
    const { content } = decodeResponse(withBody(`${type}\r\nContent-Encoding: gzip`, body));
    expect(content.remark).toMatch(/^gzip, damaged at [\d,]+: shown as far as it goes$/);
    expect(content.text.slice(0, 1000)).toBe(noise.toString().slice(0, 1000));
  });

  test('not compressed at all, or by something unknown: raw with the reason', () => {
    const raw = decodeResponse(
      withBody(`${type}\r\nContent-Encoding: gzip`, Buffer.from('just text')),
    ).content;
    expect(raw).toMatchObject({
      encoding: 'base64',
      text: Buffer.from('just text').toString('base64'),
    });
    expect(raw.remark).toBe('gzip, damaged: shown as on the wire');
    const odd = decodeResponse(
      withBody(`${type}\r\nContent-Encoding: rot13`, Buffer.from('x')),
    ).content;
    expect(odd.remark).toBe('rot13, unknown: shown as on the wire');
  });

  test('a bomb stops at the limit', () => {
    const body = zlib.gzipSync(Buffer.alloc(maxInflatedBytes * 3));
    const { content } = decodeResponse(
      withBody('Content-Type: image/png\r\nContent-Encoding: gzip', body),
    );
    expect(content.size).toBeLessThanOrEqual(maxInflatedBytes);
    expect(content.size).toBeGreaterThan(maxInflatedBytes / 2);
    expect(content).toMatchObject({ cut: true });
    expect(content.remark).toContain('only the first ones');
  });
});

describe('character sets', () => {
  const bytes = (text: string) => Buffer.from(text, 'latin1');
  test.each([
    ['text/plain; charset=utf-8', Buffer.from('é'), 'é', 'utf-8'],
    ['text/plain; charset="ISO-8859-1"', bytes('\xe9'), 'é', 'iso-8859-1'],
    ['text/plain; charset=shift_jis', Buffer.from([0x93, 0xfa]), '日', 'shift_jis'],
    ['text/plain', Buffer.from([0xff, 0xfe, 0x61, 0]), 'a', 'utf-16le'],
    ['text/html', bytes('<meta charset=latin1>\xe9'), '<meta charset=latin1>é', 'latin1'],
    [
      'application/xml',
      bytes('<?xml version="1.0" encoding="iso-8859-1"?>\xe9'),
      '<?xml version="1.0" encoding="iso-8859-1"?>é',
      'iso-8859-1',
    ],
    ['', Buffer.from('plain'), 'plain', 'utf-8'],
    ['application/octet-stream', Buffer.from('plain'), 'plain', 'utf-8'],
  ])('of %j', (type, body, text, charset) => {
    expect(decodeResponse(withBody(`Content-Type: ${type}`, body)).content).toMatchObject({
      text,
      charset,
    });
  });

  test('an unknown one, and none that fits', () => {
    const odd = decodeResponse(
      withBody('Content-Type: text/plain; charset=klingon', bytes('\xe9')),
    ).content;
    expect(odd).toMatchObject({ text: 'é', remark: expect.stringContaining('klingon is unknown') });
    const wrong = decodeResponse(
      withBody('Content-Type: application/json', bytes('"\xe9"')),
    ).content;
    expect(wrong).toMatchObject({ text: '"é"', remark: expect.stringContaining('not UTF-8') });
  });

  test('a character that the body limit cut in two', () => {
    const { content } = decodeResponse(
      withBody('Content-Type: text/plain', Buffer.from('aé').subarray(0, 2)),
    );
    expect(content).toMatchObject({ text: 'a', charset: 'utf-8' });
  });

  test('a whole body of no said type that ends within a character is binary', () => {
    const bytes = Buffer.from([0x61, 0x62, 0xc3]);
    const whole = decodeResponse(withBody('Content-Length: 3', bytes));
    expect(whole.content).toMatchObject({ encoding: 'base64', text: bytes.toString('base64') });
    const chunked = Buffer.concat([Buffer.from('3\r\n'), bytes, Buffer.from('\r\n0\r\n\r\n')]);
    const inChunks = decodeResponse(withBody('Transfer-Encoding: chunked', chunked));
    expect(inChunks.content).toMatchObject({ encoding: 'base64', size: 3 });
    const cut = decodeResponse(withBody('Content-Length: 4', bytes));
    expect(cut.content).toMatchObject({ text: 'ab', charset: 'utf-8' });
  });

  test('binary that begins like a byte order mark is binary', () => {
    for (const bytes of [
      [0xff, 0xfe],
      [0xff, 0xfe, 1, 0],
      [0xfe, 0xff, 0xd8, 0, 0, 0x41],
    ]) {
      const body = Buffer.from(bytes);
      const { content } = decodeResponse(withBody(`Content-Length: ${body.length}`, body));
      expect(content).toMatchObject({ encoding: 'base64', text: body.toString('base64') });
    }
    const { content } = decodeResponse(withBody('X: y', Buffer.from([0xff, 0xfe, 0x61, 0])));
    expect(content).toMatchObject({ text: 'a', charset: 'utf-16le' });
  });

  test('binary is base64', () => {
    for (const type of ['image/png', 'application/octet-stream', '']) {
      const { content } = decodeResponse(
        withBody(`Content-Type: ${type}`, Buffer.from([0, 1, 2, 255])),
      );
      expect(content).toMatchObject({ text: 'AAEC/w==', encoding: 'base64', size: 4 });
    }
  });
});

test('the body for a download', () => {
  const body = zlib.gzipSync('hello');
  const response = withBody('Content-Type: Text/Plain; charset=x\r\nContent-Encoding: gzip', body);
  expect(httpBody(payload(get('/files/a.txt?x'), response), 'server')).toEqual({
    bytes: Buffer.from('hello'),
    mediaType: 'text/plain',
    fileName: 'a.txt',
  });
  const named = withBody('Content-Disposition: attachment; filename="r.csv"', Buffer.from('1'));
  expect(httpBody(payload(get('/'), named), 'server')?.fileName).toBe('r.csv');
  expect(httpBody(payload(get('/')), 'server')).toBeUndefined();
});

describe('details', () => {
  test('tables whose rows lead to queries', () => {
    const request =
      'POST /a/b?k"=1&l=1&l=2 HTTP/1.1\r\nAccept: x\r\naccept: y\r\nAuthorization: [REDACTED]\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nf=1';
    const response = withBody('Content-Type: application/json', Buffer.from('{}'));
    const described = httpProtocol.describe(httpProtocol.decode(payload(request, response)));
    const table = (title: string) => {
      const section = described.request.find((each) => each.title === title);
      return section?.kind === 'table' ? section.rows : [];
    };
    expect(described.request.map((section) => section.title)).toEqual([
      'Details',
      'Path Segments',
      'Query String',
      'Headers',
      'Form',
      'Body',
    ]);
    expect(table('Query String')).toEqual([
      { name: 'k"', value: '1', path: 'request.queryString["k\\""]' },
      { name: 'l [0]', value: '1', path: 'request.queryString["l"][0]' },
      { name: 'l [1]', value: '2', path: 'request.queryString["l"][1]' },
    ]);
    expect(table('Headers').slice(0, 3)).toEqual([
      { name: 'Accept', value: 'x', path: 'request.headers["Accept"]' },
      { name: 'accept', value: 'y', path: 'request.headers["Accept"]' },
      {
        name: 'Authorization',
        value: '[REDACTED]',
        path: 'request.headers["Authorization"]',
        remark: 'redacted',
      },
    ]);
    expect(table('Form')).toEqual([
      { name: 'f', value: '1', path: 'request.postData.params[0].value' },
    ]);
    expect(described.response.at(-1)).toEqual({
      kind: 'body',
      title: 'Body',
      mediaType: 'application/json',
      encoding: 'text',
      content: '{}',
      size: 2,
      cut: false,
      path: 'response.content.text',
    });
  });

  test('a cut body says how much of how much was kept', () => {
    const sections = (head: string, body: string | Buffer, responseSize: number) => {
      const bytes = withBody(`Content-Type: text/plain\r\n${head}`, Buffer.from(body));
      const cut = { ...payload('', bytes, Incomplete.ResponseCut), responseSize };
      const { response } = httpProtocol.describe(httpProtocol.decode(cut));
      const [details] = response;
      const size =
        details?.kind === 'table' && details.rows.find((row) => row.path === 'response.bodySize');
      return { size, body: response.at(-1), left: responseSize - bytes.length };
    };
    const known = sections('Content-Length: 3145728', 'abc', 3_145_800);
    expect(known.size).toMatchObject({ value: 3_145_728, remark: 'the first 3 bytes were kept' });
    expect(known.body).toMatchObject({ content: 'abc', size: 3_145_728, kept: 3, cut: true });

    const chunked = sections('Transfer-Encoding: chunked', '5\r\nhello\r\n9\r\nwo', 2_000_000);
    const about = 7 + chunked.left;
    const remark = `the first 7 of about ${about.toLocaleString('en')} bytes were kept`;
    expect(chunked.size).toMatchObject({ value: about, remark });
    expect(chunked.body).toMatchObject({ content: 'hellowo', size: about, kept: 7, remark });

    const coded = zlib.gzipSync('compressed '.repeat(3000)).subarray(0, 60);
    const gzip = sections('Content-Encoding: gzip\r\nContent-Length: 9000', coded, 9100);
    expect(gzip.size).toMatchObject({ value: 9000 });
    expect(gzip.body).toMatchObject({ cut: true });
    expect(gzip.body).toHaveProperty(
      'remark',
      expect.stringContaining('the first 60 of 9,000 bytes were kept'),
    );
  });

  test('every declared field is a path of its own', () => {
    const paths = httpProtocol.fields.map((field) => field.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(httpProtocol.fields.every((field) => field.help !== '')).toBe(true);
  });
});

test('nothing throws on any bytes', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1\r\n',
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.1 100 C\r\n\r\n',
        'Content-Encoding: gzip\r\n',
        'Content-Encoding: br, zstd\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Content-Type: multipart/form-data; boundary=b\r\n',
        'Content-Type: application/x-www-form-urlencoded\r\n',
        'Content-Type: text/html; charset=utf-16\r\n',
        'Cookie: a=b; =; c\r\n',
        '--b\r\n',
        '\r\n',
        '5\r\n',
        '%zz%',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    { maxLength: 15 },
  );
  fc.assert(
    fc.property(pieces, fc.nat(4095), (texts, incomplete) => {
      const bytes = new Uint8Array(Buffer.from(texts.join(''), 'latin1'));
      const decoded = httpProtocol.decode(payload(bytes, bytes, incomplete));
      JSON.stringify(decoded);
      httpProtocol.describe(decoded);
      httpBody(payload(bytes, bytes, incomplete), 'client');
      httpBody(payload(bytes, bytes, incomplete), 'server');
    }),
    { numRuns: 1500 },
  );
});

test('long runs of blanks and quotes cost no more than other bytes', () => {
  for (const text of [
    ' '.repeat(60_000),
    ';="'.repeat(20_000),
    '%'.repeat(60_000),
    '=&'.repeat(30_000),
  ]) {
    const decoded = httpProtocol.decode(
      payload(
        `GET ${text}x HTTP/1.1\r\nCookie: ${text}\r\nContent-Type: ${text}\r\n\r\n${text}`,
        `HTTP/1.1 ${text}\r\nA:${text}\r\n\r\n${text}`,
      ),
    );
    httpProtocol.describe(decoded);
  }
});
