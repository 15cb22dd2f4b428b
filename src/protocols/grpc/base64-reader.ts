/** The body of application/grpc-web-text: base64, which may be padded anywhere, → its bytes. */
import type { Message } from '../../dissect/contract.ts';
import type { BodyReader } from '../http/body-reader.ts';

/** Byte → its six bits; 64: padding; 255: none of the alphabet. */
const values = new Uint8Array(256).fill(255);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
values[0x2d] = 62;
values[0x5f] = 63;
const padding = 64;
values[0x3d] = padding;

/** Decodes what comes; every group may be split between calls. */
export class Base64Reader implements BodyReader {
  readonly #inner: BodyReader;
  #bits = 0;
  #count = 0;

  constructor(inner: BodyReader) {
    this.#inner = inner;
  }

  conclude(message: Message, head?: Uint8Array): void {
    this.#inner.conclude?.(message, head);
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    const plain = new Uint8Array(Math.ceil(((to - from + 3) * 3) / 4));
    let used = 0;
    for (let i = from; i < to; i++) {
      const value = values[bytes[i]!]!;
      if (value === padding) {
        // What is left of the group is no whole byte.
        this.#count = 0;
        this.#bits = 0;
      } else if (value < padding) {
        this.#bits = ((this.#bits << 6) | value) & 0xffff;
        this.#count += 6;
        if (this.#count >= 8) {
          this.#count -= 8;
          plain[used++] = this.#bits >> this.#count;
        }
      }
    }
    if (used > 0) this.#inner.data(plain, 0, used);
  }

  hole(_length: number): void {
    this.#inner.hole(-1);
  }

  end(complete: boolean): void {
    this.#inner.end(complete);
  }
}

/** A whole body of base64: padding may stand anywhere, each padded part is decoded by itself. */
export function plainBody(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  const parts = text.match(/[^=]+=*/g) ?? [];
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
}
