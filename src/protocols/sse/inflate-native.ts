/**
 * Brotli and Zstandard, piece by piece and at once: Node's streams hand their output on later, when nobody
 * knows any more which connection was read, and its synchronous functions want the whole.
 *
 * The streams have a synchronous step, by which those functions are made: it closes the decoder behind
 * itself, so the decoder is kept from it. Where Node has no such step there is no inflater.
 */
import { constants, createBrotliDecompress, createZstdDecompress } from 'node:zlib';
import type { Inflater } from './inflate.ts';

/** Output of one step; a step has 4 KiB of input. */
const maxStepOutput = 8 << 20;
/** A window that a decoder may ask for: 2 to this power (RFC 9659 allows that of 8 MiB). */
const maxWindowLog = 23;
/** Decoders that are open at a time, of all connections of this thread: each may hold a window. */
const maxOpen = 64;
let open = 0;

interface Decoder {
  close(): void;
}

interface SteppedStream {
  _handle: Decoder | null;
  readonly _processChunk?: (bytes: Buffer, flush: number) => Buffer;
  removeAllListeners(event: string): void;
}

/** Place of an inflater among those that are open. Knows nothing of it, or nobody could collect it. */
interface Place {
  isOpen: boolean;
}

function leave(place: Place): void {
  if (place.isOpen) open--;
  place.isOpen = false;
}

/** A connection may end without a word. */
const lost = new FinalizationRegistry<Place>(leave);

function makeStream(coding: 'br' | 'zstd'): { stream: SteppedStream; flush: number } {
  const stream =
    coding === 'br'
      ? createBrotliDecompress({ maxOutputLength: maxStepOutput })
      : createZstdDecompress({
          maxOutputLength: maxStepOutput,
          params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog },
        });
  const flush = coding === 'br' ? constants.BROTLI_OPERATION_FLUSH : constants.ZSTD_e_flush;
  return { stream: stream as unknown as SteppedStream, flush };
}

/** Undefined: there is no room for one more, or Node cannot. */
export function openNative(
  coding: 'br' | 'zstd',
  onText: (text: Uint8Array) => void,
): Inflater | undefined {
  if (open >= maxOpen) return undefined;
  const { stream, flush } = makeStream(coding);
  const decoder = stream._handle;
  if (decoder === null || decoder === undefined || stream._processChunk === undefined) {
    return undefined;
  }
  const close = decoder.close.bind(decoder);
  decoder.close = () => undefined;
  open++;
  const place: Place = { isOpen: true };
  const inflater: Inflater = {
    push(bytes) {
      stream._handle = decoder;
      const text = stream._processChunk!(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
        flush,
      );
      // Each step listens for errors anew.
      stream.removeAllListeners('error');
      onText(text);
    },
    close() {
      if (place.isOpen) close();
      leave(place);
    },
  };
  lost.register(inflater, place);
  return inflater;
}
