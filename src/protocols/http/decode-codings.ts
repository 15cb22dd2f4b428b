/** Compressed content → plain content, as far as it can be had, and a remark when that is not all. */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** Longest content that is inflated; protects against bombs. */
export const maxInflatedBytes = 16 << 20;
/** Longest chain of codings that is undone. */
const maxCodings = 8;

export interface Inflated {
  readonly bytes: Uint8Array;
  /** `gzip, damaged at 1,024: shown as far as it goes` */
  readonly remark: string | undefined;
  /** The limit was reached: there would be more. */
  readonly limited: boolean;
}

interface Options {
  readonly finishFlush?: number;
  readonly maxOutputLength: number;
}
type Inflate = (input: Uint8Array, options: Options) => Uint8Array;
interface Decoder {
  readonly inflate: Inflate;
  /** Makes the library give what it has when the input ends too early. */
  readonly flush: number;
}

/** The coding named deflate is zlib's format (RFC 9110, 8.4.1.2), but some send it bare. */
const inflateEither: Inflate = (input, options) => {
  const zlibHeader =
    input.length > 1 && (input[0]! & 15) === 8 && ((input[0]! << 8) | input[1]!) % 31 === 0;
  return zlibHeader ? inflateSync(input, options) : inflateRawSync(input, options);
};

const gzip = { inflate: gunzipSync, flush: constants.Z_SYNC_FLUSH };
const decoders: Readonly<Record<string, Decoder>> = {
  gzip,
  'x-gzip': gzip,
  deflate: { inflate: inflateEither, flush: constants.Z_SYNC_FLUSH },
  br: { inflate: brotliDecompressSync, flush: constants.BROTLI_OPERATION_FLUSH },
  zstd: { inflate: zstdDecompressSync, flush: constants.ZSTD_e_flush },
};

/**
 * Undoes codings, the last one first. A coding that fails leaves the bytes as they were before it; what
 * is cut or damaged is given as far as it goes.
 */
export function inflateAll(bytes: Uint8Array, codings: readonly string[]): Inflated {
  const chain = codings.filter((coding) => coding !== 'identity' && coding !== 'chunked');
  if (chain.length > maxCodings) {
    const remark = `${chain.length} codings one upon the other: shown as on the wire`;
    return { bytes, remark, limited: false };
  }
  const remarks: string[] = [];
  let content = bytes;
  let limited = false;
  for (const coding of chain.toReversed()) {
    if (content.length === 0) break;
    const result = inflateOne(content, coding);
    if (result.remark !== undefined) remarks.push(result.remark);
    if (result.bytes === undefined) break;
    content = result.bytes;
    limited ||= result.limited;
  }
  return { bytes: content, remark: remarks.length > 0 ? remarks.join('; ') : undefined, limited };
}

interface OneInflated {
  readonly bytes: Uint8Array | undefined;
  readonly remark?: string;
  readonly limited: boolean;
}

function inflateOne(input: Uint8Array, coding: string): OneInflated {
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decoder === undefined) {
    return { bytes: undefined, remark: `${coding}, unknown: shown as on the wire`, limited: false };
  }
  const whole = attempt(decoder, input, input.length, false);
  if (typeof whole !== 'string') return { bytes: whole, limited: false };
  if (whole === 'Z_BUF_ERROR') {
    const part = attempt(decoder, input, input.length, true);
    if (typeof part !== 'string') {
      return {
        bytes: part,
        remark: `${coding}, cut short: shown as far as it goes`,
        limited: false,
      };
    }
  }
  const limited = whole === 'ERR_BUFFER_TOO_LARGE';
  const length = longestGood(decoder, input, limited);
  const part = attempt(decoder, input, length, true);
  const place = length.toLocaleString('en');
  if (typeof part === 'string' || part.length === 0) {
    return { bytes: undefined, remark: `${coding}, damaged: shown as on the wire`, limited: false };
  }
  const remark = limited
    ? `${coding}, more than ${maxInflatedBytes.toLocaleString('en')} bytes: only the first ones are shown`
    : `${coding}, damaged at ${place}: shown as far as it goes`;
  return { bytes: part, remark, limited };
}

/** The inflated first `length` bytes, or the error's code. */
function attempt(
  decoder: Decoder,
  input: Uint8Array,
  length: number,
  flush: boolean,
): Uint8Array | string {
  const options = { maxOutputLength: maxInflatedBytes };
  try {
    return decoder.inflate(
      input.subarray(0, length),
      flush ? { ...options, finishFlush: decoder.flush } : options,
    );
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

/**
 * The length of the longest beginning that inflates without error: the library gives nothing at all of
 * a damaged input, but everything of one that merely ends. Coarse when the output is what is too long.
 */
function longestGood(decoder: Decoder, input: Uint8Array, coarse: boolean): number {
  const step = coarse ? Math.ceil(input.length / 256) : 1;
  let good = 0;
  let bad = input.length + 1;
  while (bad - good > step) {
    const middle = (good + bad) >> 1;
    if (typeof attempt(decoder, input, middle, true) === 'string') bad = middle;
    else good = middle;
  }
  return good;
}
