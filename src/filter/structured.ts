/** `json()`: a text → the values it holds, or nothing. Bounded, and never throws. */
import { structuredTextLimit } from './limits.ts';
import type { Data } from './values.ts';

const longInteger = /\d{16}/;

/**
 * What `json()` gives for a value. Maps and lists are what they are; texts are parsed, base64 is
 * opened first where the text is no JSON as it stands, as the original did.
 */
export function readJson(value: Data): Data {
  if (typeof value !== 'string') return typeof value === 'object' ? value : undefined;
  if (value.length > structuredTextLimit) return undefined;
  return parseJson(value) ?? parseJson(fromBase64(value) ?? '');
}

function parseJson(text: string): Data {
  const first = text.trimStart().charAt(0);
  if (first === '') return undefined;
  try {
    return longInteger.test(text)
      ? (JSON.parse(text, keepExact) as Data)
      : (JSON.parse(text) as Data);
  } catch {
    return undefined;
  }
}

/** Whole numbers beyond 2^53 would be rounded to their neighbours; the source text is exact. */
function keepExact(
  this: unknown,
  _key: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d{1,400}$/.test(source) ? BigInt(source) : value;
}

const foreign = /[^A-Za-z0-9+/=\s]/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const hexadecimal = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).padStart(2, '0')}`,
);
// the upper six bits of { [ " - digits t f n and of white space; spares other texts the work
const startOfJson = /^\s*[eWILMNOdZbCD]/;

/** UTF-8 JSON written in base64, or undefined. */
function fromBase64(text: string): string | undefined {
  if (!startOfJson.test(text) || foreign.test(text)) return undefined;
  let bits = 0;
  let held = 0;
  const bytes: string[] = [];
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value === -1) continue;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(hexadecimal[(held >> bits) & 0xff] ?? '');
    }
  }
  try {
    return decodeURIComponent(bytes.join(''));
  } catch {
    return undefined;
  }
}
