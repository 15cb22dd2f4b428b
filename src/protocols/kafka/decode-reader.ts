/** Reads values of Kafka's types from kept bytes. Behind the end everything is 0, and `ended` says so. */

const decoder = new TextDecoder();

export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** Something was asked for that is not there. */
  ended = false;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Moves over `count` bytes; -1 when they are not there. */
  #take(count: number): number {
    const from = this.at;
    if (count < 0 || count > this.end - from) {
      this.ended = true;
      this.at = this.end;
      return -1;
    }
    this.at += count;
    return from;
  }

  int8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#view.getInt8(at);
  }

  int16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getInt16(at);
  }

  uint16(): number {
    return this.int16() & 0xffff;
  }

  int32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getInt32(at);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** As a bigint when a number would lose digits. */
  int64(): number | bigint {
    const at = this.#take(8);
    if (at < 0) return 0;
    const value = this.#view.getBigInt64(at);
    const short = Number(value);
    return Number.isSafeInteger(short) ? short : value;
  }

  float64(): number {
    const at = this.#take(8);
    return at < 0 ? 0 : this.#view.getFloat64(at);
  }

  /** A variable unsigned number of up to 32 bits. */
  variable(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.int8() & 0xff;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.ended = true;
    return 0;
  }

  /** A variable signed number in zigzag order. Above 2^53 it loses digits. */
  zigzag(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.int8() & 0xff;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.ended = true;
    return 0;
  }

  /** `length` bytes without a copy; what there is of them when they are not all there. */
  view(length: number): Uint8Array {
    const from = this.at;
    if (this.#take(length) < 0) return this.bytes.subarray(from, Math.max(from, this.end));
    return this.bytes.subarray(from, from + length);
  }

  text(length: number): string {
    return decoder.decode(this.view(length));
  }
}

/** A number that may be a bigint, as values have it. */
export function numberValue(number: number | bigint): number | string {
  return typeof number === 'bigint' ? number.toString() : number;
}
