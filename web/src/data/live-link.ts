/** The live WebSocket: opens it, opens it again when it breaks, and says how it stands. */
import type { LiveClientMessage, LiveServerMessage } from '../../../src/serve/api.ts';
import { api, liveAddress, RequestFailed } from './api.ts';
import { observable } from './observable.ts';

/** Waits between attempts, ms; the last is repeated. */
const retryDelays = [500, 1_000, 2_000, 3_000, 5_000] as const;

export interface LinkState {
  readonly state: 'connecting' | 'open' | 'lost' | 'unauthorized';
  /** When it came to be so, ms since 1970; for `lost`, when the connection broke. */
  readonly since: number;
  /** When the next attempt starts, ms since 1970. */
  readonly retryAt: number;
}

export interface LinkHandlers {
  opened(): void;
  message(message: LiveServerMessage): void;
}

export class LiveLink {
  readonly state = observable<LinkState>({ state: 'connecting', since: Date.now(), retryAt: 0 });
  readonly #handlers: LinkHandlers;
  #socket: WebSocket | undefined;
  #filter = '';
  #attempt = 0;
  #timer = 0;

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers;
  }

  /** Follows what matches this filter; a new socket each time, so that no message is of an older filter. */
  follow(filter: string): void {
    this.#filter = filter;
    this.#attempt = 0;
    this.#open();
  }

  send(message: LiveClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Tries again at once. */
  retry(): void {
    if (this.state.get().state !== 'open') this.#open();
  }

  close(): void {
    window.clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #open(): void {
    this.close();
    let socket: WebSocket;
    try {
      socket = new WebSocket(liveAddress(this.#filter));
    } catch {
      this.#broken();
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      if (this.state.get().state !== 'open') {
        this.state.set({ state: 'open', since: Date.now(), retryAt: 0 });
      }
      this.#handlers.opened();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket !== this.#socket || typeof event.data !== 'string') return;
      this.#handlers.message(JSON.parse(event.data) as LiveServerMessage);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#broken();
    };
  }

  #broken(): void {
    this.#socket = undefined;
    const now = Date.now();
    const delay = retryDelays[Math.min(this.#attempt++, retryDelays.length - 1)]!;
    const before = this.state.get();
    const since = before.state === 'lost' ? before.since : now;
    this.state.set({ state: 'lost', since, retryAt: now + delay });
    this.#timer = window.setTimeout(() => this.#open(), delay);
    void this.#checkToken();
  }

  /** A refused WebSocket does not say why; a plain request does. */
  async #checkToken(): Promise<void> {
    try {
      await api.info();
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.status !== 401) return;
      this.close();
      this.state.set({ state: 'unauthorized', since: Date.now(), retryAt: 0 });
    }
  }
}
