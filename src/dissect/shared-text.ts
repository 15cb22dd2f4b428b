/** Texts that are in many rows of a protocol, such as the names of its methods: a batch holds each of them once. */
import { maxTextBytes } from './text.ts';

const encoder = new TextEncoder();

/** One that is made of what was captured has to be dropped some time, as any other object. */
export class SharedText {
  /** In UTF-8, as much of the text as a row holds. */
  readonly bytes: Uint8Array;
  /** Filled in by the writer of rows: the batch in which the text lies, and where in its heap. */
  batch = 0;
  offset = 0;

  constructor(text: string) {
    const bytes = new Uint8Array(Math.min(text.length * 3, maxTextBytes));
    this.bytes = bytes.slice(0, encoder.encodeInto(text, bytes).written);
  }
}
