/**
 * Server-Sent Events (HTML, 9.2.6), the hot half: bytes of a body → events, each an entry under its
 * exchange as soon as the empty line behind it has come.
 *
 *   [BOM] · event ...     event: line ... · empty line     line: [field ":" [" "] value] · CR, LF or CRLF
 *
 * What is kept of an event are its lines as sent, without the empty one.
 */

import type { Mark, Output } from '../../dissect/contract.ts';
import { copyBytes } from '../../dissect/copy-bytes.ts';
import type { BodyReader } from '../http/body-reader.ts';
import { heldMemory } from '../http/held-memory.ts';
import { cr, equalsIgnoringCase, lf } from '../http/parse-bytes.ts';
import { Refined, refinementOf } from '../http/refined.ts';
import { codingOfStream, EventInflater } from './inflate.ts';
import { fillEvent, graphQlEventCode } from './report.ts';

const mediaType = 'text/event-stream';

/** Whether the media type in `bytes[from, to)` is that of an event stream. */
export function isEventStream(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === mediaType.length && equalsIgnoringCase(bytes, from, to, mediaType);
}

/** A reader of events. `key`, `note`: see `bodyReaderFor`. */
export function newEventReader(out: Output, key: number, note: number): BodyReader {
  return new EventReader(out, key, refinementOf(note) === Refined.GraphQl);
}

/** Longest event that is kept; of a longer one its beginning is. */
const maxEventBytes = 1 << 20;
const firstBytes = 512;
/** A buffer larger than this is not kept for the next event. */
const maxReusedBytes = 64 << 10;

const byteOrderMark = [0xef, 0xbb, 0xbf];

class EventReader implements BodyReader {
  readonly #out: Output;
  readonly #key: number;
  #ofGraphQl: boolean;
  readonly #mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  #share = heldMemory.share(this);
  #event: Uint8Array = new Uint8Array(firstBytes);
  #used = 0;
  /** Bytes of the event on the wire, kept or not; those of its empty line as well. */
  #size = 0;
  /** No byte of the event has come. */
  #isEmpty = true;
  #isCut = false;
  /** Bytes of the present line. */
  #line = 0;
  /** The byte before was a CR: an LF belongs to it. */
  #behindCr = false;
  /** Behind a hole: nothing is known until the next empty line. */
  #isLost = false;
  /** These are no events that could be read. */
  #isOff = false;
  #started = false;
  #inflater: EventInflater | undefined;

  constructor(out: Output, key: number, ofGraphQl: boolean) {
    this.#out = out;
    this.#key = key;
    this.#ofGraphQl = ofGraphQl;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    if (this.#isOff) return;
    if (!this.#started) {
      this.#started = true;
      const coding = codingOfStream(bytes, from, to);
      if (coding !== undefined) {
        this.#inflater = new EventInflater(coding, (text) => this.#read(text, 0, text.length, 0));
      }
    }
    if (this.#inflater === undefined) this.#read(bytes, from, to, from);
    else if (!this.#inflater.push(bytes, from, to)) this.#turnOff();
  }

  hole(_length: number): void {
    if (this.#isOff) return;
    // What was compressed cannot be read behind a hole.
    if (this.#inflater !== undefined) this.#turnOff();
    if (this.#used > 0) this.#report(true, false);
    this.#isLost = true;
    this.#behindCr = false;
    this.#isEmpty = false;
    this.#line = 1;
  }

  end(complete: boolean): void {
    if (!this.#isOff && !this.#isLost && this.#used > 0) this.#report(false, true, complete);
    heldMemory.give(this.#share);
    this.#turnOff();
  }

  /** Nothing more is read. */
  #turnOff(): void {
    this.#isOff = true;
    this.#inflater?.close();
  }

  /** `base`: index of the window's first byte, for the places of events; what was inflated has none. */
  #read(bytes: Uint8Array, from: number, to: number, base: number): void {
    let copied = from;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (this.#behindCr) {
        this.#behindCr = false;
        if (byte === lf) {
          // The CR has ended the event already: this is no part of the next one.
          if (this.#isEmpty) copied = i + 1;
          continue;
        }
      }
      if (byte !== cr && byte !== lf) {
        if (this.#isEmpty) this.#begin(i - base);
        this.#line++;
        continue;
      }
      this.#behindCr = byte === cr;
      if (this.#line > 0) {
        this.#line = 0;
        continue;
      }
      this.#keep(bytes, copied, i);
      this.#size++;
      copied = i + 1;
      this.#endEvent();
    }
    this.#keep(bytes, copied, to);
  }

  #begin(offset: number): void {
    this.#isEmpty = false;
    const mark = this.#mark;
    this.#out.mark(mark);
    if (this.#inflater === undefined) mark.sequence = (mark.sequence + offset) >>> 0;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.#size += to - from;
    if (this.#isLost) return;
    const room = this.#isCut ? 0 : this.#limit - this.#used;
    const length = Math.min(to - from, room);
    if (length < to - from) this.#isCut = true;
    if (length <= 0) return;
    if (this.#used + length > this.#event.length && !this.#grow(length)) {
      this.#isCut = true;
      return;
    }
    this.#used = copyBytes(bytes, from, from + length, this.#event, this.#used);
  }

  get #limit(): number {
    return Math.min(maxEventBytes, this.#out.bodyLimit);
  }

  #grow(added: number): boolean {
    const wanted = Math.min(maxEventBytes, Math.max(this.#event.length * 2, this.#used + added));
    if (!heldMemory.take(this.#share, wanted - this.#event.length)) return false;
    const larger = new Uint8Array(wanted);
    larger.set(this.#event.subarray(0, this.#used));
    this.#event = larger;
    return true;
  }

  #endEvent(): void {
    if (!this.#isLost && this.#used > 0) this.#report(false, false);
    else this.#forget();
    this.#isLost = false;
  }

  #report(hole: boolean, unfinished: boolean, malformed = false): void {
    const { message } = this.#out;
    const from = this.#bomLength();
    message.reset();
    if (fillEvent(message, this.#event, from, this.#used, this.#ofGraphQl)) {
      this.#ofGraphQl = message.protocol === graphQlEventCode;
      message.key = this.#key;
      message.mark = this.#mark;
      message.size = this.#size;
      message.cut = this.#isCut;
      message.hole = hole;
      // Readers of a stream that has ended drop what has no empty line behind it.
      message.unfinished = unfinished && !malformed;
      message.malformed = malformed;
      this.#out.child();
    }
    this.#forget();
  }

  #bomLength(): number {
    return byteOrderMark.every((byte, i) => this.#event[i] === byte) ? byteOrderMark.length : 0;
  }

  #forget(): void {
    this.#used = 0;
    this.#size = 0;
    this.#line = 0;
    this.#isEmpty = true;
    this.#isCut = false;
    if (this.#event.length <= maxReusedBytes) return;
    this.#event = new Uint8Array(firstBytes);
    heldMemory.give(this.#share);
  }
}
