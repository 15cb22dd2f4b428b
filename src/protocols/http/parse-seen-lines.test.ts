import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ReportedMessage } from '../../dissect/message.ts';
import * as warm from './parse-head.ts';
import { beforeRequest } from './parse-seen-lines.ts';

const names = [
  'Host',
  'Content-Length',
  'Content-Type',
  'Authorization',
  'X-Id',
  'hOST',
  'B3',
  'X Id',
];
const values = [
  'shop.example',
  'shop.example:8080',
  '12',
  '123456',
  '12, 12',
  'text/html; charset=utf-8',
  'Bearer 0123456789abcdef0123456789abcdef',
  'Bearer 0123456789abcdef0123456789abcdeg',
  '',
  'a\tb',
  'caf\u00e9 \u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000',
  `${'long'.repeat(70)}x`,
  `${'long'.repeat(70)}y`,
];
const line = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom(':', ': ', ':  ', ':\t', ' :', ''),
    fc.constantFrom(...values),
    fc.constantFrom('', ' ', '  '),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r\r\n', '\r\n folded\r\n', '\rx\r\n'),
  )
  .map((parts) => parts.join(''));
const head = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\r\n', '\n', '\r\nGET /', ''))
  .map(([lines, end]) => lines.join('') + end);

/** All that a scan finds. */
function scanned(module: typeof warm, text: string): unknown {
  const bytes = Uint8Array.from(`##${text}`, (char) => char.charCodeAt(0));
  const message = new ReportedMessage();
  message.reset();
  module.head.reset();
  const end = module.scanFields(bytes, 2, bytes.length, 1, message, true, beforeRequest);
  const { contentLength, coding, lineStart } = module.head;
  const { host, contentType, traceId, malformed, redactions, redactionCount } = message;
  const secrets = [...redactions.subarray(0, redactionCount)];
  const reached = end < 0 ? lineStart : end;
  const spans = [host, contentType, traceId].map(({ from, to }) => (to > from ? [from, to] : []));
  return [end, reached, contentLength, coding, spans, malformed, secrets];
}

test('lines that were seen before, or nearly the same, are read as if for the first time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(head, { minLength: 1, maxLength: 8 }), async (heads) => {
      vi.resetModules();
      const cold: typeof warm = await import('./parse-head.ts');
      const last = heads.at(-1)!;
      const expected = scanned(cold, last);
      for (const text of heads) for (let i = 0; i < 3; i++) scanned(warm, text);
      expect(scanned(warm, last)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test('of a line like the one before every cut and every changed byte is noticed', async () => {
  const text =
    'Authorization: Bearer 0123456789abcdef\r\nHost: shop.example\r\nContent-Length: 12\r\n\r\n';
  for (let i = 0; i < 20; i++) scanned(warm, text);
  vi.resetModules();
  const cold: typeof warm = await import('./parse-head.ts');
  for (let at = 0; at < text.length; at++) {
    const cut = text.slice(0, at);
    expect(scanned(warm, cut)).toEqual(scanned(cold, cut));
    for (const byte of ['\0', '\n', '\r', ' ', ':', '0', '\u0080']) {
      const changed = cut + byte + text.slice(at + 1);
      expect(scanned(warm, changed)).toEqual(scanned(cold, changed));
    }
  }
});
