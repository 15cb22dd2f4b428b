/** Compressed records → plain ones, bounded. */
import { inflateAll } from '../http/decode-codings.ts';
import { type Unpacked, unpackLz4 } from './decode-lz4.ts';
import { unpackSnappy } from './decode-snappy.ts';

/** By the lowest three bits of a batch's attributes. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Longest set of records that is unpacked. */
export const maxUnpackedBytes = 16 << 20;

/** `codec`: an index of `codecNames`. Never throws. */
export function unpack(bytes: Uint8Array, codec: number): Unpacked {
  switch (codecNames[codec]) {
    case 'none':
      return { bytes, problem: undefined };
    case 'gzip':
    case 'zstd': {
      const { bytes: plain, remark } = inflateAll(bytes, [codecNames[codec]]);
      return remark !== undefined && plain === bytes
        ? nothing(remark)
        : { bytes: plain, problem: remark };
    }
    case 'snappy':
      return isFramed(bytes) ? unpackFramed(bytes) : unpackSnappy(bytes, maxUnpackedBytes);
    case 'lz4':
      return unpackLz4(bytes, maxUnpackedBytes);
    default:
      return nothing(`codec ${codec} is unknown`);
  }
}

function nothing(problem: string): Unpacked {
  return { bytes: new Uint8Array(0), problem };
}

/** The framing of Java's snappy: `82 SNAPPY 00` · i32 version · i32 compatible · (i32 length · block)*. */
const framing = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];
const framingBytes = 16;

function isFramed(bytes: Uint8Array): boolean {
  return framing.every((byte, i) => bytes[i] === byte);
}

function unpackFramed(bytes: Uint8Array): Unpacked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: Uint8Array[] = [];
  let total = 0;
  let problem: string | undefined;
  for (let at = framingBytes; at < bytes.length && problem === undefined; ) {
    const length = at + 4 > bytes.length ? -1 : view.getInt32(at);
    if (length < 0 || at + 4 + length > bytes.length) {
      problem = 'the last block is cut';
      break;
    }
    const block = unpackSnappy(bytes.subarray(at + 4, at + 4 + length), maxUnpackedBytes - total);
    blocks.push(block.bytes);
    total += block.bytes.length;
    problem = block.problem;
    at += 4 + length;
  }
  return { bytes: Buffer.concat(blocks), problem };
}
