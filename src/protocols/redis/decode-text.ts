/** Bytes of Redis strings → texts. */
import { isUtf8 } from 'node:buffer';

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
  '"': '\\"',
  '\\': '\\\\',
};

/** The text, or bytes that are no UTF-8 as `redis-cli` shows them: `\x80abc`. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return buffer.toString('latin1').replace(/[\x00-\x1f"\\\x7f-\xff]/g, escaped);
}

function escaped(character: string): string {
  const known = escapes[character];
  if (known !== undefined) return known;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A word of a command as one would type it into `redis-cli`. */
export function quoted(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (/^[!#-&(-[\]-~]+$/.test(text)) return text;
  if (!isUtf8(bytes)) return `"${text}"`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return `"${text.replace(/[\x00-\x1f"\\\x7f]/g, escaped)}"`;
}
