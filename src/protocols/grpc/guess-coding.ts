/** By which coding bytes are compressed, when what says so was lost or is not at hand. */
import { brotliDecompressSync } from 'node:zlib';

/** A longer content is not tried as Brotli, which has no first bytes of its own. */
const maxTriedBytes = 1 << 20;
const maxTriedOutput = 16 << 20;

/**
 * `gzip`, `zstd`, `deflate` (zlib's header) by their first bytes; `br` when the whole is a stream of Brotli;
 * undefined: none of these.
 */
export function guessCoding(bytes: Uint8Array): string | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd';
  if ((first & 15) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0) return 'deflate';
  return isBrotli(bytes) ? 'br' : undefined;
}

function isBrotli(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length > maxTriedBytes) return false;
  try {
    return brotliDecompressSync(bytes, { maxOutputLength: maxTriedOutput }).length > 0;
  } catch {
    return false;
  }
}
