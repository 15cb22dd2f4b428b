/** Compressed answers of refined requests → their content, for the hot half: within a limit or not at all. */
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** Longest content that is made; of more nothing is. */
const maxContentBytes = 262_144;
/** Longest compressed content that is tried. */
const maxCompressedBytes = 65_536;

type Inflate = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const inflateEither: Inflate = (input, options) =>
  (input[0]! & 15) === 8 ? inflateSync(input, options) : inflateRawSync(input, options);

const inflates: Readonly<Record<string, Inflate>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateEither,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** The content, or undefined when it is too long, damaged, or of a coding that is not known. */
export function inflateBounded(input: Uint8Array, coding: string): Uint8Array | undefined {
  const inflate = Object.hasOwn(inflates, coding) ? inflates[coding] : undefined;
  if (inflate === undefined || input.length > maxCompressedBytes) return undefined;
  try {
    return inflate(input, { maxOutputLength: maxContentBytes });
  } catch {
    return undefined;
  }
}
