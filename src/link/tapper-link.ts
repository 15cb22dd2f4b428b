/** The tapper's end: stays connected, keeps what the API server has not taken, within bounds. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { CaptureTargets } from '../capture/targets.ts';
import type { HeardName } from '../resolve/index.ts';
import type { Batch } from '../ship/batch.ts';
import { Backoff } from './backoff.ts';
import { connectPinned, type LinkAddress, type LinkSecret } from './connect.ts';
import { packFrame } from './frame.ts';
import {
  type CaptureReport,
  CloseCode,
  compatibility,
  type FromTapper,
  maxHeardNames,
  maxNodeAddresses,
  maxNodeSockets,
  misfit,
  type NodeFacts,
  readMessage,
  type TapperCounters,
  type TapperSettings,
  toTapperSchema,
  type Welcome,
} from './messages.ts';
import { Outbox } from './outbox.ts';

export const defaultBufferBytes = 32 << 20;
/** Bytes on their way without an answer: more wait in the outbox, where they can be shed. */
const windowBytes = 4 << 20;
const countersEveryMs = 1000;
/** Nothing heard, not even a pong. */
const defaultSilenceMs = 15_000;
/** How long the API server may take to answer the hello. */
const welcomeMs = 10_000;
/** Wait after a refusal: the other end has to be changed first. */
const refusedWaitMs = 30_000;

export interface TapperLinkOptions {
  readonly address: LinkAddress;
  /** Read before each attempt: a mounted secret changes. Throws what is to be logged. */
  readonly secret: () => LinkSecret;
  readonly version: string;
  readonly node: string;
  readonly pod: string;
  /** Bytes of batches kept while they are not acknowledged. */
  readonly bufferBytes?: number;
  /** A connection on which nothing is heard for so long is dead. */
  readonly silenceMs?: number;
  readonly counters: () => Omit<TapperCounters, 'bufferedBatches' | 'bufferedBytes'>;
  readonly capture: () => CaptureReport;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onTargets: (targets: CaptureTargets) => void;
  readonly onSettings: (settings: TapperSettings) => void;
  /** A sentence for the log. Repeats of the same are left out. */
  readonly onNotice?: (text: string) => void;
}

export class TapperLink {
  readonly session: string = randomUUID();
  readonly #options: TapperLinkOptions;
  readonly #outbox: Outbox;
  readonly #ending = new AbortController();
  readonly #backoff = new Backoff();
  readonly #running: Promise<void>;
  #socket: WebSocket | undefined;
  #welcomed = false;
  #nodeNumber = 0;
  #number = 0;
  #lastHeardAt = performance.now();
  #lastNotice = '';
  #facts: NodeFacts | undefined;
  #acknowledged: (() => void) | undefined;

  constructor(options: TapperLinkOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.bufferBytes ?? defaultBufferBytes);
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#welcomed;
  }

  /** Milliseconds since the API server was last heard. */
  get silentMs(): number {
    return this.#welcomed ? 0 : performance.now() - this.#lastHeardAt;
  }

  /** How full the buffer is, 0 to 1. */
  get fill(): number {
    return this.#outbox.fill;
  }

  get bufferedBytes(): number {
    return this.#outbox.bytes;
  }

  get shedRows(): number {
    return this.#outbox.shedRows;
  }

  /** Sends a batch when it can; the batch's memory is free when this returns. */
  send(batch: Batch): void {
    if (batch.rows === 0 || this.#ending.signal.aborted) return;
    this.#number++;
    this.#outbox.add(this.#number, batch.rows, packFrame(batch, this.#number));
    this.#sendWaiting();
  }

  /** Tells the API server now what it would be told within a second: something has changed. */
  report(): void {
    if (this.#welcomed) {
      this.#say({ type: 'counters', counters: this.#counters(), capture: this.#options.capture() });
    }
  }

  /** What only the node knows; goes to each API server once, and when it changes. */
  sendFacts(facts: NodeFacts): void {
    this.#facts = {
      addresses: facts.addresses.slice(0, maxNodeAddresses),
      sockets: facts.sockets.slice(0, maxNodeSockets),
    };
    if (this.#welcomed) this.#say({ type: 'facts', facts: this.#facts });
  }

  /** Names that were heard; while nobody listens they are lost, and heard again later. */
  sendNames(names: readonly HeardName[]): void {
    if (!this.#welcomed) return;
    for (let at = 0; at < names.length; at += maxHeardNames) {
      this.#say({ type: 'names', names: names.slice(at, at + maxHeardNames) });
    }
  }

  /** Gives up the oldest batches until at most so many bytes wait: memory is short. */
  shrinkTo(bytes: number): void {
    this.#outbox.shrinkTo(bytes);
  }

  /** Says good-bye after what waits was taken, or after `patienceMs`. */
  async close(reason: string, patienceMs: number): Promise<void> {
    if (this.#welcomed && this.#outbox.length > 0) {
      const empty = Promise.withResolvers<void>();
      this.#acknowledged = () => this.#outbox.length === 0 && empty.resolve();
      const timer = setTimeout(empty.resolve, patienceMs);
      await empty.promise;
      clearTimeout(timer);
    }
    if (this.#welcomed) this.#say({ type: 'bye', reason, counters: this.#counters() });
    this.#socket?.close(CloseCode.Normal);
    // A connection that no longer answers does not hold up the end.
    const timer = setTimeout(() => this.#ending.abort(), 1000);
    this.#backoff.stop();
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    while (!this.#backoff.stopped) {
      let waitMs: number | undefined;
      try {
        const { address, secret } = this.#options;
        const socket = await connectPinned(address, secret(), this.#ending.signal);
        waitMs = await this.#talk(socket);
      } catch (error) {
        this.#notice(`cannot reach the API server: ${messageOf(error)}`);
      }
      if (!this.#backoff.stopped) await this.#backoff.wait(waitMs);
    }
    this.#ending.abort();
  }

  /** One connection from hello to its end; resolves with how long to wait, if that is known. */
  async #talk(socket: WebSocket): Promise<number | undefined> {
    const ended = Promise.withResolvers<number | undefined>();
    let heardAt = performance.now();
    const heard = () => {
      heardAt = performance.now();
    };
    const { version, node, pod } = this.#options;
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      const refused = code === CloseCode.Incompatible || code === CloseCode.Invalid;
      ended.resolve(refused ? refusedWaitMs : undefined);
    });
    socket.on('pong', heard);
    socket.on('ping', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      if (isBinary || !this.#hear(data.toString())) socket.close(CloseCode.Invalid);
    });
    const { silenceMs = defaultSilenceMs } = this.#options;
    const pulse = setInterval(() => {
      const quietMs = performance.now() - heardAt;
      if (quietMs > (this.#welcomed ? silenceMs : welcomeMs)) socket.terminate();
      else if (this.#welcomed) this.#pulse(socket);
    }, countersEveryMs);
    const { session } = this;
    const nodeNumber = this.#nodeNumber;
    this.#say({ type: 'hello', compatibility, version, node, pod, session, nodeNumber });
    // What was decided meanwhile.
    if (this.#backoff.stopped) socket.close(CloseCode.Normal);
    const waitMs = await ended.promise;
    clearInterval(pulse);
    if (this.#welcomed) this.#notice('the connection to the API server has ended');
    this.#welcomed = false;
    this.#socket = undefined;
    this.#outbox.rewind();
    return waitMs;
  }

  #pulse(socket: WebSocket): void {
    this.#lastHeardAt = performance.now();
    this.report();
    socket.ping();
  }

  /** Returns false for what cannot be read. */
  #hear(text: string): boolean {
    const message = readMessage(toTapperSchema, text);
    const stranger = this.#welcomed
      ? undefined
      : misfit(text, 'the API server', this.#options.version);
    if (message === undefined || stranger !== undefined) {
      this.#notice(stranger ?? 'the API server says what cannot be read');
      return false;
    }
    switch (message.type) {
      case 'welcome':
        this.#begin(message);
        return true;
      case 'refused':
        this.#notice(`the API server refuses this tapper: ${message.reason}`);
        return true;
      case 'targets':
        this.#options.onTargets(message.targets);
        return true;
      case 'settings':
        this.#options.onSettings(message.settings);
        return true;
      case 'acknowledged':
        this.#outbox.acknowledge(message.number);
        this.#sendWaiting();
        this.#acknowledged?.();
        return true;
    }
  }

  #begin(welcome: Welcome): void {
    this.#nodeNumber = welcome.nodeNumber;
    this.#outbox.acknowledge(welcome.taken);
    this.#welcomed = true;
    this.#lastHeardAt = performance.now();
    this.#lastNotice = '';
    this.#backoff.succeeded();
    this.#options.onWelcome(welcome);
    if (this.#facts !== undefined) this.#say({ type: 'facts', facts: this.#facts });
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const socket = this.#socket;
    if (!this.#welcomed || socket?.readyState !== socket?.OPEN) return;
    while (this.#outbox.sentBytes < windowBytes) {
      const frame = this.#outbox.next();
      if (frame === undefined) return;
      socket?.send(frame);
    }
  }

  #say(message: FromTapper): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #counters(): TapperCounters {
    const counters = this.#options.counters();
    return {
      ...counters,
      shedRows: counters.shedRows + this.#outbox.shedRows,
      bufferedBatches: this.#outbox.length,
      bufferedBytes: this.#outbox.bytes,
    };
  }

  #notice(text: string): void {
    if (text === this.#lastNotice) return;
    this.#lastNotice = text;
    this.#options.onNotice?.(text);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
