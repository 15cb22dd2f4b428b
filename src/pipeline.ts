/**
 * START HERE. One pipeline: packets in, batches of rows out, all stages joined in their order.
 *
 *   packet → decode → reassemble → dissect → refine → batch
 *
 * Everything runs in the call of `packet`; nothing is queued between the stages. A pipeline knows no
 * clock of its own: time comes with the packets, or from `advance` when none arrive.
 */
import type { PacketSink } from './capture/contract.ts';
import { Decoded, type Segment } from './decode/contract.ts';
import { Decoder } from './decode/index.ts';
import type { Conversation } from './dissect/conversation.ts';
import { Dissector, RowWriter, type ShedLevel } from './dissect/index.ts';
import { protocolByCode, protocols } from './protocols/index.ts';
import type { ReassembleLimits } from './reassemble/contract.ts';
import { defaultReassembleLimits, Reassembler } from './reassemble/index.ts';
import { makeRefiner, type Refiner } from './refine/index.ts';
import { readDnsAnswers } from './resolve/dns-answers.ts';
import { type HeardName, HeardNames } from './resolve/heard-names.ts';
import { addressText, type Batch } from './ship/batch.ts';

export interface PipelineOptions {
  /** Number of this thread on its node, and of the node in the cluster: part of every entry's id. */
  readonly thread: number;
  readonly node: number;
  /** `Capture` value of the entries. */
  readonly capture: number;
  readonly bodyLimitBytes: number;
  readonly redact: boolean;
  /** Calls with such a User-Agent are left out. */
  readonly ignoredUserAgents?: readonly string[];
  readonly demoPorts: readonly number[];
  readonly limits?: Partial<ReassembleLimits>;
  /** Rows and heap bytes of one batch. */
  readonly batchRows?: number;
  readonly batchHeapBytes?: number;
  /** Unread bytes of messages in progress, all connections together. */
  readonly windowBytes?: number;
}

const dnsPort = 53;

export const defaultBatchRows = 4096;
export const defaultBatchHeapBytes = 4 << 20;
export const defaultWindowBytes = 64 << 20;

/** What the stages have seen, as plain data that can be posted between threads. */
export interface PipelineCounters {
  readonly packets: number;
  readonly decodeIgnored: Readonly<Record<string, number>>;
  readonly connections: number;
  readonly openConnections: number;
  readonly payloadBytes: number;
  readonly holes: number;
  readonly holeBytes: number;
  readonly shedConnections: number;
  readonly entries: number;
  /** Exchanges that were left out on purpose; they are no entries. */
  readonly ignored: number;
  readonly pending: number;
  readonly shedBodies: number;
  readonly notUnderstood: Readonly<Record<string, number>>;
}

export class Pipeline implements PacketSink {
  readonly #decoder = new Decoder();
  readonly #heard = new HeardNames();
  readonly #rows: RowWriter;
  readonly #refiner: Refiner | undefined;
  readonly #dissector: Dissector;
  readonly #reassembler: Reassembler<Conversation | undefined>;

  constructor(options: PipelineOptions, seal: (batch: Batch) => void) {
    const { ignoredUserAgents = [] } = options;
    this.#refiner = makeRefiner({ ignoredUserAgents }, protocolByCode);
    this.#rows = new RowWriter({
      rows: options.batchRows ?? defaultBatchRows,
      heapBytes: options.batchHeapBytes ?? defaultBatchHeapBytes,
      thread: options.thread,
      node: options.node,
      capture: options.capture,
      seal: this.#refiner === undefined ? seal : (batch) => this.#refine(batch, seal),
    });
    this.#dissector = new Dissector({
      protocols,
      rows: this.#rows,
      thread: options.thread,
      bodyLimitBytes: options.bodyLimitBytes,
      redact: options.redact,
      windowBytes: options.windowBytes ?? defaultWindowBytes,
      onServerName: (conversation, name, timeMs) =>
        this.#heard.hear(wordsText(conversation.serverAddress), name, 'sni', timeMs),
      demoPorts: new Set(options.demoPorts),
    });
    this.#reassembler = new Reassembler(this.#dissector, {
      ...defaultReassembleLimits,
      ...options.limits,
    });
  }

  #refine(batch: Batch, seal: (batch: Batch) => void): void {
    this.#refiner?.refine(batch);
    if (batch.rows > 0) seal(batch);
    else this.#rows.recycle(batch.buffer);
  }

  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
  ): void {
    const kind = this.#decoder.decode(bytes, start, end, wireLength, linkType, timestampMs);
    const { segment } = this.#decoder;
    if (kind === Decoded.Tcp) this.#reassembler.segment(segment);
    else if (kind === Decoded.Udp && segment.sourcePort === dnsPort) this.#hearDns(segment);
  }

  #hearDns({ bytes, payloadStart, payloadEnd, timestampMs }: Segment): void {
    readDnsAnswers(bytes, payloadStart, payloadEnd, (name, address) =>
      this.#heard.hear(addressText(address, 0), name, 'dns', timestampMs),
    );
  }

  /** Names of addresses that were heard since the last time. */
  heardNames(): readonly HeardName[] {
    return this.#heard.take();
  }

  /** Packet time has come this far without a packet. */
  advance(nowMs: number): void {
    this.#reassembler.advance(nowMs);
  }

  /** So much time has gone by since the last packet, whose own time may be any. */
  elapse(ms: number): void {
    this.#reassembler.elapse(ms);
  }

  /** Hands on what there is; with `announce`, requests still waiting for an answer as well. */
  flush(announce: boolean): void {
    this.#rows.flush(announce);
  }

  /** The input has ended: everything unfinished becomes an entry as it is. */
  end(): void {
    this.#reassembler.end();
    this.#rows.flush(false);
  }

  /** What to give up from now on, because what follows is too slow. */
  shed(level: ShedLevel): void {
    this.#dissector.shedLevel = level;
  }

  /** A batch's memory, for reuse. */
  recycle(buffer: ArrayBuffer): void {
    this.#rows.recycle(buffer);
  }

  counters(): PipelineCounters {
    const { counters: decode } = this.#decoder;
    const { counters: streams } = this.#reassembler;
    const { counters: dissect } = this.#dissector;
    return {
      packets: decode.packets,
      decodeIgnored: Object.fromEntries(decode.ignored),
      connections: streams.connections,
      openConnections: streams.openConnections,
      payloadBytes: streams.payloadBytes,
      holes: streams.holes,
      holeBytes: streams.holeBytes,
      shedConnections: streams.shedConnections + dissect.shedConnections,
      entries: this.#rows.entries - (this.#refiner?.ignored ?? 0),
      ignored: this.#refiner?.ignored ?? 0,
      pending: this.#rows.live,
      shedBodies: this.#dissector.shedBodies + dissect.shedMessages,
      notUnderstood: Object.fromEntries(dissect.notUnderstood),
    };
  }
}

/** Big-endian words of an address as people write it. */
function wordsText(words: Uint32Array): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setUint32(i * 4, words[i]!);
  return addressText(bytes, 0);
}
