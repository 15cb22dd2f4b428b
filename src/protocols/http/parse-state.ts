/** What the parser remembers of one side between calls: numbers only. */
import { ChunkPlace } from './parse-chunked.ts';
import type { StreamedBody } from './streamed-body.ts';

export const Mode = {
  /** The window starts with a message whose end is not known, or that waits for a body of known length. */
  Head: 0,
  /** The same, its head is complete, its chunks are walked; all of it is still in the window. */
  Chunks: 1,
  /** The same with a body that lasts until the side closes. */
  ToClose: 2,
  /** A message was begun; so much of its body is still to be dropped. */
  SkipLength: 3,
  SkipChunks: 4,
  SkipToClose: 5,
  /** Nothing that follows is HTTP: behind a request of HTTP/0.9. */
  Ignore: 6,
  /** A message was begun whose body is read while it comes, see `parse-stream.ts`. */
  Stream: 7,
} as const;

/** What a response must know of its request, as the message's note. */
export const Note = {
  None: 0,
  Head: 1,
  Connect: 2,
  Upgrade: 3,
  /** HTTP/0.9: the answer has no head. */
  Simple: 4,
  Ordinary: 5,
} as const;

export class HttpState {
  mode: number = Mode.Head;
  /** How far the search for the head's end has looked; 0 while its first line is not here whole. */
  scanned = 0;
  /** Where the head in question starts: behind interim responses. */
  headStart = 0;
  /** Modes Chunks and ToClose: length of the head. */
  headEnd = 0;
  #place: ChunkPlace | undefined = undefined;
  /** Messages begun: bytes on the wire so far, or in mode SkipLength those of the whole message. */
  size = 0;
  remaining = 0;
  hole = false;
  cut = false;
  /** Mode Stream: the body. */
  streamed: StreamedBody | undefined = undefined;
  /** No message was seen on this side yet. */
  first = true;
  /** `Note` of the last request. */
  lastNote = 0;

  /** Ready for the next message. */
  next(): void {
    this.mode = Mode.Head;
    this.scanned = 0;
    this.headStart = 0;
    this.hole = false;
    this.cut = false;
    this.first = false;
  }

  /** Where the walk through the chunks is; most sides never need one. */
  get place(): ChunkPlace {
    this.#place ??= new ChunkPlace();
    return this.#place;
  }

  get begun(): boolean {
    const { mode } = this;
    return (mode >= Mode.SkipLength && mode <= Mode.SkipToClose) || mode === Mode.Stream;
  }
}
