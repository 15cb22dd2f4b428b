/**
 * The wire format of Protocol Buffers, read bounded and without exceptions:
 *
 *   message   any number of: varint (field number << 3 | wire type) · value
 *   value     0 varint · 1 eight bytes · 2 varint length, bytes · 3 ... 4 a group · 5 four bytes
 */
export const Wire = {
  Varint: 0,
  Fixed64: 1,
  Bytes: 2,
  GroupStart: 3,
  GroupEnd: 4,
  Fixed32: 5,
} as const;

const maxFieldNumber = 0x1fff_ffff;
/** Groups within groups that are passed over. */
const maxGroupDepth = 64;
const two32 = 2n ** 32n;

/** Walks over the fields of one message. After `next` returns true, the current field stands here. */
export class FieldWalk {
  number = 0;
  wireType = 0;
  /** Where the field begins. */
  tagFrom = 0;
  /** Of the value: for bytes and groups the content, else what stands on the wire. */
  from = 0;
  to = 0;
  /** Of a varint: its low and high 32 bits, unsigned. */
  low = 0;
  high = 0;
  /** The bytes are no message, or end too early. */
  broken = false;
  readonly bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  get at(): number {
    return this.#at;
  }

  /** False at the end, or when what follows is broken. */
  next(): boolean {
    if (this.broken || this.#at >= this.#end) return false;
    this.tagFrom = this.#at;
    if (!this.#varint() || this.high !== 0) return this.#fail();
    const { low } = this;
    this.number = low >>> 3;
    this.wireType = low & 7;
    if (this.number === 0 || this.number > maxFieldNumber) return this.#fail();
    return this.#value() || this.#fail();
  }

  /** The next of numbers that stand one behind the other: of `width` bytes, 0 for varints. */
  element(width: number): boolean {
    if (this.#at >= this.#end) return false;
    this.wireType = width === 0 ? Wire.Varint : width === 8 ? Wire.Fixed64 : Wire.Fixed32;
    return this.#value() || this.#fail();
  }

  #fail(): false {
    this.broken = true;
    return false;
  }

  #value(): boolean {
    this.from = this.#at;
    switch (this.wireType) {
      case Wire.Varint:
        if (!this.#varint()) return false;
        this.to = this.#at;
        return true;
      case Wire.Fixed64:
        return this.#skip(8);
      case Wire.Fixed32:
        return this.#skip(4);
      case Wire.Bytes:
        if (!this.#varint() || this.high !== 0) return false;
        this.from = this.#at;
        return this.#skip(this.low);
      case Wire.GroupStart:
        return this.#group();
      default:
        return false;
    }
  }

  #skip(length: number): boolean {
    if (length > this.#end - this.#at) return false;
    this.#at += length;
    this.to = this.#at;
    return true;
  }

  /** The content of a group, up to the end that belongs to it. */
  #group(): boolean {
    const { number, from } = this;
    const open = [number];
    while (this.#at < this.#end && open.length <= maxGroupDepth) {
      const before = this.#at;
      if (!this.#varint() || this.high !== 0) return false;
      const { low } = this;
      const type = low & 7;
      if (type === Wire.GroupStart) open.push(low >>> 3);
      else if (type === Wire.GroupEnd) {
        if (open.pop() !== low >>> 3) return false;
        if (open.length === 0) {
          this.number = number;
          this.wireType = Wire.GroupStart;
          this.from = from;
          this.to = before;
          return true;
        }
      } else {
        this.wireType = type;
        if (!this.#value()) return false;
      }
    }
    return false;
  }

  #varint(): boolean {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) return false;
      const byte = this.bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (7 * i - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return true;
      }
    }
    return false;
  }
}

/** A whole number that JSON can carry exactly; as text when it cannot. */
export function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

export function unsigned64(low: number, high: number): number | string {
  return high < 0x20_0000 ? high * 2 ** 32 + low : wholeNumber(BigInt(high) * two32 + BigInt(low));
}

export function signed64(low: number, high: number): number | string {
  if (high < 0x8000_0000) return unsigned64(low, high);
  return wholeNumber(BigInt.asIntN(64, BigInt(high) * two32 + BigInt(low)));
}

/** Zigzag: 0, -1, 1, -2, ... */
export function zigzag64(low: number, high: number): number | string {
  const value = BigInt(high) * two32 + BigInt(low);
  return wholeNumber((value >> 1n) ^ -(value & 1n));
}
