/** Where a row's payload lies → its bytes. Decompressed blocks are remembered, the last used ones. */
import { promisify } from 'node:util';
import { zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { Payload } from '../dissect/contract.ts';
import type { PayloadFile, RawBlock } from './payload-file.ts';

/** Bytes of decompressed blocks that are remembered, by all queries together. */
const cacheBytes = 8 << 20;

const decompress = promisify(zstdDecompress);

/** Where the bytes of a row are. */
export interface PayloadPlace {
  readonly file: PayloadFile;
  readonly block: number;
  readonly offset: number;
  readonly requestLength: number;
  readonly responseLength: number;
}

export class PayloadReader {
  readonly #blocks = new Map<string, Buffer>();
  #bytes = 0;
  /** Files whose damage has been told. */
  readonly #told = new WeakSet<PayloadFile>();
  readonly #onProblem: (message: string) => void;

  constructor(onProblem: (message: string) => void) {
    this.#onProblem = onProblem;
  }

  /** The block's raw bytes; undefined when it is missing or damaged. Does not block for long. */
  load(place: PayloadPlace): Buffer | undefined | Promise<Buffer | undefined> {
    const known = this.#known(place);
    if (known) return known;
    const stored = this.#stored(place);
    if (!stored) return undefined;
    return decompress(stored.compressed, limits(stored)).then(
      (raw) => this.#remember(place, raw),
      () => undefined,
    );
  }

  /** As `load`, at once. */
  loadNow(place: PayloadPlace): Buffer | undefined {
    const known = this.#known(place);
    if (known) return known;
    const stored = this.#stored(place);
    if (!stored) return undefined;
    try {
      return this.#remember(place, zstdDecompressSync(stored.compressed, limits(stored)));
    } catch {
      return undefined;
    }
  }

  clear(): void {
    this.#blocks.clear();
    this.#bytes = 0;
  }

  #stored(place: PayloadPlace): RawBlock | undefined {
    const { file, block } = place;
    const stored = file.read(block);
    if (!stored && file.has(block) && !file.closed && !this.#told.has(file)) {
      this.#told.add(file);
      this.#onProblem(`${file.path} is damaged: some entries are shown without their content.`);
    }
    return stored;
  }

  #known(place: PayloadPlace): Buffer | undefined {
    const key = keyOf(place);
    const block = this.#blocks.get(key);
    if (block) {
      this.#blocks.delete(key);
      this.#blocks.set(key, block);
    }
    return block;
  }

  #remember(place: PayloadPlace, raw: Buffer): Buffer {
    const key = keyOf(place);
    if (this.#blocks.has(key)) return raw;
    this.#blocks.set(key, raw);
    this.#bytes += raw.length;
    for (const [oldest, block] of this.#blocks) {
      if (this.#bytes <= cacheBytes || this.#blocks.size === 1) break;
      this.#blocks.delete(oldest);
      this.#bytes -= block.length;
    }
    return raw;
  }
}

function keyOf(place: PayloadPlace): string {
  return `${place.file.path}:${place.block}`;
}

/** A block never becomes longer than it says: damage must not take all memory. */
function limits(block: RawBlock) {
  return { maxOutputLength: Math.max(block.rawBytes, 1), chunkSize: Math.max(block.rawBytes, 64) };
}

/** Request and response inside a block; undefined where there is none. */
export function sidesIn(raw: Buffer | undefined, place: PayloadPlace) {
  const { offset, requestLength, responseLength } = place;
  const end = offset + requestLength + responseLength;
  if (!raw || end > raw.length) return { request: undefined, response: undefined };
  const middle = offset + requestLength;
  return {
    request: requestLength > 0 ? raw.subarray(offset, middle) : undefined,
    response: responseLength > 0 ? raw.subarray(middle, end) : undefined,
  };
}

/** What a row says of its payload. */
type PayloadFacts = Required<Omit<Payload, 'request' | 'response'>>;

/** A payload that is read from disk when somebody looks: lists never do. */
export class LazyPayload implements Payload {
  readonly version: number;
  readonly incomplete: number;
  readonly requestSize: number;
  readonly responseSize: number;
  readonly place: PayloadPlace;
  readonly #reader: PayloadReader;
  #sides: ReturnType<typeof sidesIn> | undefined;

  constructor(place: PayloadPlace, facts: PayloadFacts, reader: PayloadReader) {
    this.place = place;
    this.version = facts.version;
    this.incomplete = facts.incomplete;
    this.requestSize = facts.requestSize;
    this.responseSize = facts.responseSize;
    this.#reader = reader;
  }

  get request(): Uint8Array | undefined {
    return this.#load().request;
  }

  get response(): Uint8Array | undefined {
    return this.#load().response;
  }

  /** Reads ahead without blocking, so that the getters are immediate. */
  async prepare(): Promise<void> {
    if (this.#sides) return;
    const block = this.#reader.load(this.place);
    this.#sides = sidesIn(block instanceof Promise ? await block : block, this.place);
  }

  /** Whether `prepare` would have to wait. */
  get prepared(): boolean {
    return this.#sides !== undefined;
  }

  #load(): ReturnType<typeof sidesIn> {
    this.#sides ??= sidesIn(this.#reader.loadNow(this.place), this.place);
    return this.#sides;
  }
}
