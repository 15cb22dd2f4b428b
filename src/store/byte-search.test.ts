import { describe, expect, test } from 'vitest';
import { mayContain } from './byte-search.ts';

const payload = (request: string, response = '') => ({
  version: 11,
  incomplete: 0,
  request: Buffer.from(request),
  response: Buffer.from(response, 'latin1'),
});
const may = (request: string, response = '', plainText = true) =>
  mayContain(payload(request, response), plainText, ['payment', 'failed']);

describe('bytes without the literal', () => {
  test('are no hit when they are shown as they are', () => {
    expect(may('GET /a HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n{"a":1}')).toBe(false);
    expect(may('GET /payment HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n')).toBe(false);
    expect(may('POST /', 'Content-Type: text/html; charset=UTF-8\r\n\r\nhello')).toBe(false);
  });

  test.each([
    ['compressed', 'content-encoding: gzip\r\n\r\n'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n'],
    ['percent-encoded', '/p%61yment'],
    ['of another character set', 'Content-Type: text/plain; charset=utf-16\r\n\r\n'],
    ['binary', '\x00\x01'],
    ['not ASCII', 'caf\xe9'],
    ['base64', 'Content-Transfer: base64'],
  ])('may still be a hit when they are %s', (_name, response) => {
    expect(may('GET /', response)).toBe(true);
  });

  test('may be a hit in a protocol that is not text', () => {
    expect(may('GET /', '', false)).toBe(true);
  });
});

test('case does not matter', () => {
  expect(may('GET /PayMent', 'FAILED')).toBe(true);
});
