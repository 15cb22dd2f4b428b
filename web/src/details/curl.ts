/** An entry as a curl command that can be pasted into a shell. */
import type { Value, ValueMap } from '../../../src/dissect/contract.ts';
import type { Entry } from '../../../src/entry/entry.ts';

/** Headers that curl sets itself, or that would contradict what it sends. */
const left = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'accept-encoding',
]);

/** Quotes for POSIX shells; control characters in `$'...'`. */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be escaped
  if (!/[\x00-\x1f\x7f]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    .replaceAll(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `$'${escaped}'`;
}

function mapOf(value: Value): ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : '';
}

function addressOf(entry: Entry): string {
  const url = textOf(entry.request?.['url']) || entry.target;
  if (/^https?:\/\//i.test(url)) return url;
  const { ip, port } = entry.dst;
  const host = entry.host || (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
  return `http://${host}${url.startsWith('/') ? url : `/${url}`}`;
}

/** The command; lines are continued with a backslash. Redacted values stay `[REDACTED]`. */
export function curlCommand(entry: Entry): string {
  const request = entry.request ?? {};
  const method = entry.method || 'GET';
  const body = textOf(mapOf(request['postData'])['text']);
  const parts: string[] = [];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body === '' ? 'GET' : 'POST')) parts.push(`--request ${shellQuote(method)}`);
  for (const [name, value] of Object.entries(mapOf(request['headers']))) {
    if (left.has(name.toLowerCase())) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = String(one ?? '');
      parts.push(`--header ${shellQuote(text === '' ? `${name};` : `${name}: ${text}`)}`);
    }
  }
  if (body !== '') parts.push(`--data-raw ${shellQuote(body)}`);
  // Without this curl removes `..` from paths and reads brackets as patterns.
  const address = addressOf(entry);
  if (/\/\.\.?(\/|$)/.test(address)) parts.push('--path-as-is');
  if (/[[\]{}]/.test(address)) parts.push('--globoff');
  return [`curl ${shellQuote(address)}`, ...parts].join(' \\\n  ');
}
