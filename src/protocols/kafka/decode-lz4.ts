/**
 * LZ4 (the frame format 1.6 and the block format), bounded. Checksums are not verified: the first
 * clients of Kafka wrote them wrong.
 *
 *   frame: magic 04 22 4d 18 · flags · block descriptor · [u64 content size] · [u32 dictionary] ·
 *          header checksum · block* · u32 0 · [u32 checksum]
 *   block: u32 LE size, highest bit: stored as it is · bytes · [u32 checksum]
 */

/** What came out, and in words why it is not all. */
export interface Unpacked {
  readonly bytes: Uint8Array;
  readonly problem: string | undefined;
}

const frameMagic = 0x184d2204;
const Flag = {
  BlockChecksum: 0x10,
  ContentSize: 0x08,
  ContentChecksum: 0x04,
  Dictionary: 0x01,
} as const;
const storedBit = 0x8000_0000;
/** Shortest match. */
const minMatch = 4;

function uint32(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  return (low | (bytes[at + 3]! << 24)) >>> 0;
}

/** Output that grows up to a limit. */
class Growing {
  bytes = new Uint8Array(64 << 10);
  length = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when the limit is reached. */
  room(added: number): boolean {
    const wanted = this.length + added;
    if (wanted > this.#limit) return false;
    if (wanted > this.bytes.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(wanted, this.bytes.length * 2)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    return true;
  }

  add(source: Uint8Array, from: number, to: number): boolean {
    if (!this.room(to - from)) return false;
    this.bytes.set(source.subarray(from, to), this.length);
    this.length += to - from;
    return true;
  }

  /** Repeats `count` bytes from `distance` back; they may overlap what is written. */
  repeat(distance: number, count: number): boolean {
    if (!this.room(count)) return false;
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < count; i++, at++) bytes[at] = bytes[at - distance]!;
    this.length = at;
    return true;
  }
}

/** Unpacks all frames of the input into at most `limit` bytes. */
export function unpackLz4(input: Uint8Array, limit: number): Unpacked {
  const output = new Growing(limit);
  let at = 0;
  while (at < input.length) {
    const header = headerEnd(input, at);
    if (header === undefined) return finish(output, `no LZ4 frame at ${at}`);
    const end = unpackFrame(input, header, input[at + 4]!, output);
    if (typeof end === 'string') return finish(output, end);
    at = end;
  }
  return finish(output, undefined);
}

/** Unpacks the blocks of a frame, which begin at `from`; returns where it ends, or what is wrong. */
function unpackFrame(
  input: Uint8Array,
  from: number,
  flags: number,
  output: Growing,
): number | string {
  const checksum = (flags & Flag.BlockChecksum) === 0 ? 0 : 4;
  for (let at = from; ; ) {
    if (at + 4 > input.length) return 'the LZ4 frame has no end';
    const size = uint32(input, at);
    at += 4;
    if (size === 0) return at + ((flags & Flag.ContentChecksum) === 0 ? 0 : 4);
    const isStored = size >= storedBit;
    const length = isStored ? size - storedBit : size;
    const to = Math.min(input.length, at + length);
    const done = isStored ? output.add(input, at, to) : unpackBlock(input, at, to, output);
    if (!done) return 'damaged, or longer than the limit';
    if (to < at + length) return 'the LZ4 block is cut';
    at = to + checksum;
  }
}

function finish(output: Growing, problem: string | undefined): Unpacked {
  return { bytes: output.bytes.subarray(0, output.length), problem };
}

function headerEnd(input: Uint8Array, at: number): number | undefined {
  if (at + 7 > input.length || uint32(input, at) !== frameMagic) return undefined;
  const flags = input[at + 4]!;
  if (flags >> 6 !== 1) return undefined;
  const size = (flags & Flag.ContentSize) === 0 ? 0 : 8;
  return at + 7 + size + ((flags & Flag.Dictionary) === 0 ? 0 : 4);
}

/**
 * A block is sequences of: token (4 bits of literals, 4 bits of match - 4; 15: more bytes follow until
 * one is not 255) · literals · u16 LE distance. The last sequence ends behind its literals.
 */
function unpackBlock(input: Uint8Array, from: number, end: number, output: Growing): boolean {
  let at = from;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && at < end) {
        more = input[at++]!;
        literals += more;
      }
    }
    const literalEnd = at + literals;
    if (literalEnd > end || !output.add(input, at, literalEnd)) return false;
    at = literalEnd;
    if (at >= end) return true;
    if (at + 2 > end) return false;
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let match = token & 15;
    if (match === 15) {
      let more = 255;
      while (more === 255 && at < end) {
        more = input[at++]!;
        match += more;
      }
    }
    if (distance === 0 || distance > output.length) return false;
    if (!output.repeat(distance, match + minMatch)) return false;
  }
  return true;
}
