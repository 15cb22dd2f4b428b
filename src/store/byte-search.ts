/**
 * Can these bytes be a hit at all? A search for literals before anything is decoded. It may only say
 * no where the bytes are what `decode` shows: what is compressed, chunked, escaped or not plain ASCII
 * stays a candidate.
 */
import type { Payload } from '../dissect/contract.ts';

/** What makes bytes differ from what is shown. `=?` begins an encoded word of a multipart header. */
const opaque = /[^\t\r\n\x20-\x24\x26-\x7e]|-encoding|charset=|base64|=\?/i;

/** A character set in which ASCII letters are their own bytes. */
const plainCharset = /charset="?(?:utf-8|us-ascii|iso-8859-1)"?/gi;

function textOf(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') : '';
}

/**
 * False only when the entry certainly lacks one of the literals (lower case). `plainText` is what the
 * entry's protocol declares.
 */
export function mayContain(
  payload: Payload,
  plainText: boolean,
  literals: readonly string[],
): boolean {
  if (literals.length === 0 || !plainText) return true;
  const text = `${textOf(payload.request)}\n${textOf(payload.response)}`;
  const lower = text.toLowerCase();
  if (literals.every((literal) => lower.includes(literal))) return true;
  return opaque.test(text.replace(plainCharset, ''));
}
