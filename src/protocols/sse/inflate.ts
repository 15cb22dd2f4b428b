/** Compressed event streams, inflated as far as they have come. */
import { createRequire } from 'node:module';
import type { Gunzip, Unzlib } from 'fflate';

const require = createRequire(import.meta.url);
/** Most captures have no compressed stream of events; the library makes its tables as it is loaded. */
function newStream(isGzip: boolean, take: (text: Uint8Array) => void): Gunzip | Unzlib {
  const fflate: typeof import('fflate') = require('fflate');
  return isGzip ? new fflate.Gunzip(take) : new fflate.Unzlib(take);
}

/** Compressed bytes that are inflated at once: at most a thousandfold of them is made. */
const stepBytes = 4096;
const gzipFirst = 0x1f;
/** CMF of zlib with its usual window. */
const zlibFirst = 0x78;

/**
 * gzip and zlib are known by their first bytes, with which no event begins. Brotli and Zstandard are not:
 * such streams are shown as a whole, without their events.
 */
export function looksCompressed(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from]!;
  if (first === gzipFirst) return true;
  return first === zlibFirst && (to - from < 2 || ((first << 8) | bytes[from + 1]!) % 31 === 0);
}

export class EventInflater {
  readonly #stream: Gunzip | Unzlib;

  /** `firstByte`: of the stream, which tells its coding. */
  constructor(firstByte: number, onText: (text: Uint8Array) => void) {
    const take = (text: Uint8Array) => {
      if (text.length > 0) onText(text);
    };
    this.#stream = newStream(firstByte === gzipFirst, take);
  }

  /** False: it is damaged. */
  push(bytes: Uint8Array, from: number, to: number): boolean {
    try {
      for (let at = from; at < to; at += stepBytes) {
        this.#stream.push(bytes.slice(at, Math.min(to, at + stepBytes)), false);
      }
      return true;
    } catch {
      return false;
    }
  }
}
