/**
 * The payload of HTTP/2: what was compressed and cut into frames, put together again, as blocks:
 *
 *   block    u8 kind · u32 length · content
 *   fields   any number of: u16 length of the name · u32 length of the value (highest bit: never indexed)
 *            · name · value
 *   figures  any number of: u8 `Figure` · u32 value; those that are missing are 0
 */
import { copyBytes } from '../../dissect/copy-bytes.ts';

export const Block = {
  /** Pseudo-headers and headers. */
  Head: 1,
  /** Of a 1xx response. */
  Interim: 2,
  Trailers: 3,
  Body: 4,
  Figures: 5,
} as const;

export const blockPrefixBytes = 5;
export const figureBytes = 5;

/** Figures of one direction of a stream; all from the frames that were seen. */
export const Figure = {
  streamId: 0,
  headersFrames: 1,
  continuationFrames: 2,
  dataFrames: 3,
  dataBytes: 4,
  paddingBytes: 5,
  /** WINDOW_UPDATE frames that the other end sent for this direction, and what they allowed. */
  windowUpdateFrames: 6,
  windowUpdateBytes: 7,
  /** Error code of RST_STREAM plus one; 0: not reset. */
  resetCode: 8,
  /** 1: this end reset the stream, 2: the other. */
  resetBy: 9,
  /** Error code of a GOAWAY that left this stream unanswered, plus one. */
  goAwayCode: 10,
  /** Empty DATA frames without an end: a known attack. */
  emptyDataFrames: 11,
  /** Streams that the client had reset on this connection by then. */
  connectionResets: 12,
  unknownFields: 13,
  weight: 14,
  dependsOn: 15,
  headerBytes: 16,
} as const;
export type FigureName = keyof typeof Figure;
export const figureNames = Object.keys(Figure) as FigureName[];

/** Bodies are kept at once when they come: a buffer starts with this much. */
const firstBytes = 2048;

/** Bytes held by all messages that are being put together, of all connections of this thread. */
export const held = { bytes: 0 };
/** Beyond it bodies are left out. */
export const maxHeldBytes = 64 << 20;

/** Writes a payload, block by block. */
export class Composer {
  bytes = new Uint8Array(firstBytes);
  used = 0;
  #blockAt = -1;

  reset(): void {
    this.used = 0;
    this.#blockAt = -1;
  }

  open(kind: number): void {
    this.#grow(blockPrefixBytes);
    this.#blockAt = this.used;
    this.bytes[this.used] = kind;
    this.used += blockPrefixBytes;
  }

  close(): void {
    const at = this.#blockAt;
    if (at < 0) return;
    this.#put32(at + 1, this.used - at - blockPrefixBytes);
    this.#blockAt = -1;
  }

  get isOpen(): boolean {
    return this.#blockAt >= 0;
  }

  /** The same for all of `bytes`, without a view of them. */
  putAll(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  put(bytes: Uint8Array, from: number, to: number): void {
    this.#grow(to - from);
    this.used = copyBytes(bytes, from, to, this.bytes, this.used);
  }

  figures(values: Uint32Array): void {
    this.open(Block.Figures);
    this.#grow(values.length * figureBytes);
    const { bytes } = this;
    let at = this.used;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value === 0) continue;
      bytes[at] = i;
      bytes[at + 1] = value >>> 24;
      bytes[at + 2] = value >>> 16;
      bytes[at + 3] = value >>> 8;
      bytes[at + 4] = value;
      at += figureBytes;
    }
    this.used = at;
    this.close();
  }

  #put32(at: number, value: number): void {
    this.bytes[at] = value >>> 24;
    this.bytes[at + 1] = value >>> 16;
    this.bytes[at + 2] = value >>> 8;
    this.bytes[at + 3] = value;
  }

  #grow(added: number): void {
    if (this.used + added <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + added));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
