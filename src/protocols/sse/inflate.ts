/** Compressed event streams, inflated as far as they have come. */
import { createRequire } from 'node:module';
import { openNative } from './inflate-native.ts';

const require = createRequire(import.meta.url);

/** Compressed bytes that are inflated at once. */
const stepBytes = 4096;
const gzipFirst = 0x1f;
/** CMF of zlib with its usual window. */
const zlibFirst = 0x78;
/** First byte of Zstandard's magic number 28 b5 2f fd. */
const zstdFirst = 0x28;

export type StreamCoding = 'gzip' | 'deflate' | 'zstd' | 'br';

/** Bytes at the beginning that must be text. */
const sniffedBytes = 64;
/** So much readable text is no accident, whatever it begins with. */
const enoughText = 8;
/** First bytes of `data`, `event`, `id`, `retry`, a comment, an empty line, a byte order mark. */
const eventFirsts = new Set([0x64, 0x65, 0x69, 0x72, 0x3a, 10, 13, 0xef]);

/**
 * How a stream is compressed, by its first bytes: the coding's name is in a header that is not at hand. With
 * those of gzip, zlib and Zstandard no event begins; Brotli has none of its own, it is what remains when the
 * bytes are no text. Undefined: it is not compressed.
 */
export function codingOfStream(
  bytes: Uint8Array,
  from: number,
  to: number,
): StreamCoding | undefined {
  const first = bytes[from]!;
  if (first === gzipFirst) return 'gzip';
  if (first === zlibFirst && (to - from < 2 || ((first << 8) | bytes[from + 1]!) % 31 === 0)) {
    return 'deflate';
  }
  if (first === zstdFirst && (to - from < 2 || bytes[from + 1] === 0xb5)) return 'zstd';
  const isLikely = eventFirsts.has(first) || to - from >= enoughText;
  return isLikely && isText(bytes, from, to) ? undefined : 'br';
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + sniffedBytes);
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  }
  try {
    // What is cut within a letter is no error.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, end), { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Inflates as much as there is; throws when it is damaged. */
export interface Inflater {
  push(bytes: Uint8Array): void;
  close(): void;
}

/** The library makes its tables as it is loaded, and most captures have no compressed stream of events. */
function openPortable(isGzip: boolean, onText: (text: Uint8Array) => void): Inflater {
  const fflate: typeof import('fflate') = require('fflate');
  const stream = isGzip ? new fflate.Gunzip(onText) : new fflate.Unzlib(onText);
  return { push: (bytes) => stream.push(bytes, false), close: () => undefined };
}

export class EventInflater {
  readonly #inner: Inflater | undefined;

  constructor(coding: StreamCoding, onText: (text: Uint8Array) => void) {
    const take = (text: Uint8Array) => {
      if (text.length > 0) onText(text);
    };
    this.#inner =
      coding === 'br' || coding === 'zstd'
        ? openNative(coding, take)
        : openPortable(coding === 'gzip', take);
  }

  /** False: it is damaged, or cannot be inflated here. */
  push(bytes: Uint8Array, from: number, to: number): boolean {
    const inner = this.#inner;
    if (inner === undefined) return false;
    try {
      for (let at = from; at < to; at += stepBytes) {
        inner.push(bytes.slice(at, Math.min(to, at + stepBytes)));
      }
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#inner?.close();
  }
}
