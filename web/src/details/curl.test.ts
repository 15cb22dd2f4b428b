import { describe, expect, it } from 'vitest';
import type { ValueMap } from '../../../src/dissect/contract.ts';
import type { Entry } from '../../../src/entry/entry.ts';
import { curlCommand, shellQuote } from './curl.ts';

function entry(request: ValueMap, rest: Partial<Entry> = {}): Entry {
  return {
    method: 'GET',
    target: '/',
    host: 'shop:8080',
    dst: { ip: '10.0.0.1', port: 8080, name: '' },
    request,
    ...rest,
  } as Entry;
}

describe('copy as curl', () => {
  it('of a plain GET is its address', () => {
    expect(curlCommand(entry({ url: '/items' }))).toBe('curl http://shop:8080/items');
  });

  it('quotes an address with a query', () => {
    const text = curlCommand(entry({ url: '/items?a=1&b=2' }));
    expect(text).toBe("curl 'http://shop:8080/items?a=1&b=2'");
  });

  it('leaves out the headers that curl sets itself', () => {
    const headers = { Host: 'shop', 'Content-Length': '3', Accept: 'text/html' };
    const text = curlCommand(entry({ url: '/', headers }));
    expect(text).toBe("curl http://shop:8080/ \\\n  --header 'Accept: text/html'");
  });

  it('repeats a repeated header', () => {
    const text = curlCommand(entry({ url: '/', headers: { Via: ['a', 'b'] } }));
    expect(text.match(/--header/g)).toHaveLength(2);
  });

  it('sends the body as it was, and names the method only when it must', () => {
    const postData = { text: `{"name":"it's"}` };
    const post = curlCommand(entry({ url: '/', postData }, { method: 'POST' }));
    expect(post).toContain(`--data-raw '{"name":"it'\\''s"}'`);
    expect(post).not.toContain('--request');
    const put = curlCommand(entry({ url: '/', postData }, { method: 'PUT' }));
    expect(put).toContain('--request PUT');
  });

  it('asks for a HEAD as one', () => {
    expect(curlCommand(entry({ url: '/' }, { method: 'HEAD' }))).toContain('--head');
  });

  it('falls back to the address of the server', () => {
    const dst = { ip: 'fe80::1', port: 80, name: '' };
    expect(curlCommand(entry({}, { host: '', dst }))).toContain('[fe80::1]:80');
  });
});

describe('quoting for the shell', () => {
  it('leaves harmless words alone', () => expect(shellQuote('a/b-c.d')).toBe('a/b-c.d'));
  it('quotes nothing as nothing', () => expect(shellQuote('')).toBe("''"));
  it('writes control characters as escapes', () => {
    expect(shellQuote("a\n'b'\u0001")).toBe("$'a\\n\\'b\\'\\x01'");
  });
});
