/** One viewer of the live tail: a socket, its filter, and what it could not be sent. */
import type { LiveServerMessage } from './api.ts';

/** Bytes waiting in a viewer's socket above which it is slow: nothing more is put there. */
const bufferedBytesLimit = 1 << 20;

/** What the feed uses of a WebSocket. */
export interface ViewerSocket {
  /** Bytes accepted but not yet taken by the network. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

export class Viewer {
  readonly #socket: ViewerSocket;
  #missed = 0;
  paused = false;

  constructor(socket: ViewerSocket) {
    this.#socket = socket;
  }

  get slow(): boolean {
    return this.#socket.bufferedAmount > bufferedBytesLimit;
  }

  /** Sends a message with so many entries in it, or counts them as missed. */
  sendEntries(text: string, entries: number): void {
    if (this.slow) this.#missed += entries;
    else this.#socket.send(text);
  }

  miss(entries: number): void {
    this.#missed += entries;
  }

  /** Tells how many entries were missed since the last time, as soon as the socket takes it. */
  tellMissed(): void {
    if (this.#missed === 0 || this.slow) return;
    this.send({ type: 'missed', count: this.#missed });
    this.#missed = 0;
  }

  /** Sends whatever the state of the socket: answers to the viewer itself. */
  send(message: LiveServerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends a message made for all viewers; a slow one goes without. */
  sendShared(text: string): void {
    if (!this.slow) this.#socket.send(text);
  }
}
