/**
 * Server-Sent Events (HTML, 9.2.6), the hot half: bytes of a body → events, each an entry under its
 * exchange as soon as the empty line behind it has come.
 *
 *   [BOM] · event ...     event: line ... · empty line     line: [field ":" [" "] value] · CR, LF or CRLF
 */
import type { Mark, Output } from '../../dissect/contract.ts';
import type { BodyReader } from '../http/body-reader.ts';
import { equalsIgnoringCase } from '../http/parse-bytes.ts';

const mediaType = 'text/event-stream';

/** Whether the media type in `bytes[from, to)` is that of an event stream. */
export function isEventStream(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === mediaType.length && equalsIgnoringCase(bytes, from, to, mediaType);
}

/** A reader of events. `key`, `note`: see `bodyReaderFor`. */
export function newEventReader(out: Output, key: number, _note: number): BodyReader {
  return new EventReader(out, key);
}

class EventReader implements BodyReader {
  readonly #out: Output;
  readonly #key: number;
  readonly #mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };

  constructor(out: Output, key: number) {
    this.#out = out;
    this.#key = key;
  }

  data(_bytes: Uint8Array, _from: number, _to: number): void {
    this.#out.mark(this.#mark);
    this.#out.message.key = this.#key;
  }

  hole(_length: number): void {}

  end(_complete: boolean): void {}
}
