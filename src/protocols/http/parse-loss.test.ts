import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Side } from '../../dissect/contract.ts';
import { Note } from './parse-state.ts';
import { bytesOf, TestStream } from './test-stream.ts';

const notes = Array(20).fill(Note.Ordinary) as number[];
const next = 'HTTP/1.1 204 Next\r\n\r\n';

/** Feeds texts; numbers between them are holes of that length. */
function feed(side: Side, parts: readonly (string | number)[], bodyLimit = 1 << 20): TestStream {
  const stream = new TestStream(side, { notes, bodyLimit });
  for (const part of parts) {
    if (typeof part === 'number') stream.hole(part);
    else stream.feed(bytesOf(part));
  }
  stream.end();
  return stream;
}

describe('a hole', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
  const size = head.length + 100;

  test('within a body of known length costs its bytes only', () => {
    const { seen, dropped } = feed('server', [`${head}abc`, 50, `${'x'.repeat(47)}${next}`]);
    expect(seen).toMatchObject([
      { kept: `${head}abc`, size, hole: true, complete: true, unfinished: false, status: 200 },
      { kept: next, hole: false },
    ]);
    expect(dropped).toBe(0);
  });

  test('that ends with the body', () => {
    expect(feed('server', [head, 100, next]).seen).toMatchObject([
      { kept: head, size, hole: true },
      { kept: next, hole: false },
    ]);
    expect(feed('server', [`${head}x`, 90, 'y'.repeat(5), 4, next]).seen).toMatchObject([
      { kept: `${head}x`, size, hole: true },
      { kept: next },
    ]);
  });

  test('that reaches beyond the body: the next message is searched', () => {
    const { seen } = feed('server', [`${head}abc`, 200, `half a body${next}`]);
    expect(seen).toMatchObject([{ kept: `${head}abc`, size, hole: true }, { kept: next }]);
  });

  test('of unknown length', () => {
    const { seen } = feed('server', [`${head}abc`, -1, `half a body${next}`]);
    expect(seen).toMatchObject([{ kept: `${head}abc`, hole: true }, { kept: next }]);
  });

  test('in a body that is too long to keep', () => {
    const { seen } = feed('server', [`${head}${'x'.repeat(40)}`, 20, 'x'.repeat(40), next], 10);
    expect(seen).toMatchObject([
      { kept: `${head}${'x'.repeat(10)}`, size, cut: true, hole: true },
      { kept: next },
    ]);
    const lost = feed('server', [`${head}${'x'.repeat(40)}`, 90, `junk${next}`], 10).seen;
    expect(lost).toMatchObject([{ cut: true, hole: true, complete: true }, { kept: next }]);
  });

  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

  test('within a chunk is counted, whether the body is kept or not', () => {
    for (const limit of [1 << 20, 4]) {
      const { seen, dropped } = feed(
        'server',
        [`${chunked}10\r\nabcdefgh`, 4, `mnop\r\n0\r\n\r\n${next}`],
        limit,
      );
      expect(seen).toMatchObject([
        { size: chunked.length + 27, hole: true, complete: true, malformed: false },
        { kept: next },
      ]);
      expect(dropped).toBe(0);
    }
  });

  test('that reaches beyond its chunk', () => {
    for (const limit of [1 << 20, 4]) {
      const { seen } = feed(
        'server',
        [`${chunked}10\r\nabcdefgh`, 40, `mnop\r\n0\r\n\r\n${next}`],
        limit,
      );
      expect(seen).toMatchObject([{ hole: true, complete: true }, { kept: next }]);
    }
  });

  test('in a body that lasts until the end', () => {
    const text = 'HTTP/1.0 200 OK\r\n\r\nhello';
    expect(feed('server', [text, 10, 'rest', -1, '.']).seen).toMatchObject([
      { kept: text, size: text.length + 15, hole: true, unfinished: false },
    ]);
  });

  test('in a head: what was seen of it is shown, without half a secret', () => {
    const part = 'GET /x HTTP/1.1\r\nHost: a\r\n';
    const { seen } = feed('client', [`${part}Authorization: Bea`, 30, 'GET /y HTTP/1.1\r\n\r\n']);
    expect(seen).toMatchObject([
      { kept: part, target: '/x', host: 'a', hole: true },
      { target: '/y', hole: false },
    ]);
  });

  test('before anything', () => {
    expect(feed('client', [10, 'T /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n']).seen).toMatchObject(
      [{ target: '/y' }],
    );
  });

  test('anywhere: nothing throws, and what lies behind is found', () => {
    const post = 'POST /p HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"a":[1]}';
    const chunks =
      'PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nA: b\r\n\r\n';
    const last = 'GET /last HTTP/1.1\r\nHost: z\r\n\r\n';
    const text = post + chunks + post;
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.integer({ min: 1, max: 90 }),
        fc.boolean(),
        fc.constantFrom(0, 3, 1 << 20),
        (at, length, known, limit) => {
          const to = Math.min(text.length, at + length);
          const parts = [text.slice(0, at), known ? to - at : -1, text.slice(to), last];
          const { seen } = feed('client', parts, limit);
          expect(seen.at(-1)).toMatchObject({ target: '/last', hole: false });
          expect(seen.filter((message) => message.hole).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('finding the next message', () => {
  test('behind a body that does not end its line', () => {
    const cases = ['{"a":1}', 'a=b&c', '<p>', 'x\n', 'valueof', ''];
    for (const body of cases) {
      const { seen } = feed('client', [-1, `${body}POST /n HTTP/1.1\r\nContent-Length: 0\r\n\r\n`]);
      expect(seen, body).toMatchObject([{ method: 'POST', target: '/n' }]);
    }
  });

  test('text about HTTP is no message', () => {
    const prose = 'an answer like HTTP/1.1 200 OK is sent\r\n and GET / HTTP/1.1 too\r\n\r\n';
    expect(feed('server', [-1, prose, next]).seen).toMatchObject([{ kept: next }]);
    expect(feed('client', [-1, prose, 'GET /n HTTP/1.1\r\n\r\n']).seen).toMatchObject([
      { target: '/n' },
    ]);
  });
});
