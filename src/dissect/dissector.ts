/** Drives parsers over the bytes of every connection: recognise, parse, resynchronise, hand over. */
import type { Closed, Connection, End, StreamSink } from '../reassemble/contract.ts';
import { Closed as ClosedReason } from '../reassemble/contract.ts';
import { classify } from './classify.ts';
import { type HearServerName, readHello } from './client-hello.ts';
import { type Protocol, Step, Verdict } from './contract.ts';
import { Conversation, Phase, possibleSides, type Speaker } from './conversation.ts';
import { giveUpAll, losePlace, settleAll } from './pairing.ts';
import { isRecogniser, type Recogniser } from './recogniser.ts';
import { Reporter } from './reporter.ts';
import type { RowWriter } from './row-writer.ts';
import { Twins } from './twins.ts';
import { BufferPool } from './window.ts';

/**
 * Packets of one end that may be recognised as nothing before a connection whose beginning was missed
 * is given up: they may all lie inside one large body.
 */
const maxMisses = 1000;
/** The same of one end for a connection seen from its beginning, when the other end is silent. */
const maxMissesFromStart = 8;
/** A window longer than body limit and this is not a message: the parser is wrong. */
const windowSlackBytes = 1 << 20;

export interface DissectOptions {
  readonly protocols: readonly Protocol[];
  readonly rows: RowWriter;
  readonly thread: number;
  readonly bodyLimitBytes: number;
  readonly redact: boolean;
  /** Unread bytes of all connections together; beyond it bodies are no longer kept. */
  readonly windowBytes: number;
  /** Told of the server that an encrypted connection asks for. */
  readonly onServerName?: HearServerName;
  /** Server ports of the demo. */
  readonly demoPorts: ReadonlySet<number>;
}

export interface DissectCounters {
  /** Why connections were not understood, in words → connections. */
  notUnderstood: Map<string, number>;
  /** Messages given up in the middle since memory was short. */
  shedMessages: number;
  /** Connections not looked at since there was too much to do. */
  shedConnections: number;
}

/** What is given up when there is too much to do, the least valuable first; each level adds to the one before. */
export const ShedLevel = {
  Nothing: 0,
  Bodies: 1,
  /** Every second new connection: what is kept stays complete. */
  Connections: 2,
} as const;
export type ShedLevel = (typeof ShedLevel)[keyof typeof ShedLevel];

type Link = Connection<Conversation | undefined>;

export class Dissector implements StreamSink<Conversation | undefined> {
  readonly counters: DissectCounters = {
    notUnderstood: new Map(),
    shedMessages: 0,
    shedConnections: 0,
  };
  /** Set from outside; memory alone already sheds bodies. */
  shedLevel: ShedLevel = ShedLevel.Nothing;
  readonly #options: DissectOptions;
  readonly #recognisers: readonly Recogniser[];
  readonly #rows: RowWriter;
  readonly #reporter: Reporter;
  readonly #pool = new BufferPool();
  readonly #twins = new Twins();

  constructor(options: DissectOptions) {
    this.#options = options;
    this.#recognisers = options.protocols.filter(isRecogniser);
    this.#rows = options.rows;
    this.#reporter = new Reporter(options.rows, options.bodyLimitBytes, options.redact);
  }

  open(connection: Link): void {
    if (this.shedLevel === ShedLevel.Connections && (connection.number & 1) === 1) {
      this.counters.shedConnections++;
      connection.ignored = true;
      return;
    }
    const stream = this.#options.thread * 2 ** 40 + connection.number;
    connection.context = new Conversation(connection, stream, this.#pool);
  }

  data(
    connection: Link,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
    timestampMs: number,
    packetNumber: number,
    nextSequence: number,
  ): void {
    const conversation = connection.context;
    if (conversation === undefined) return;
    const speaker = conversation.speakers[from];
    if (speaker.phase === Phase.Off) return;
    const { window } = speaker;
    window.nextSequence = nextSequence;
    window.feed(bytes, start, end, timestampMs, packetNumber);
    if (window.length >= window.needed || window.skipDone || speaker.isDue(timestampMs)) {
      this.#run(conversation, from, speaker, timestampMs);
    }
    window.settle();
    conversation.lastTime = timestampMs;
    if (this.#pool.usedBytes > this.#options.windowBytes) this.#shed(conversation, speaker);
  }

  hole(connection: Link, from: End, length: number, timestampMs: number): void {
    const conversation = connection.context;
    if (conversation === undefined) return;
    const speaker = conversation.speakers[from];
    const { window } = speaker;
    if (speaker.phase === Phase.Off) return;
    const isFirst = speaker.phase === Phase.Recognise;
    if (isFirst && this.#twins.missed(conversation, timestampMs)) return;
    if (length >= 0 && length <= window.skipping) {
      this.#reporter.holeInOpenMessage(speaker);
      window.skipping -= length;
      if (window.skipping > 0) return;
      window.skipDone = true;
    } else if (speaker.phase === Phase.Parse && window.skipping === 0) {
      const stream = speaker.stream!;
      this.#reporter.message.reset();
      this.#reporter.aim(conversation, speaker, timestampMs);
      const known = conversation.protocol!.parser!.hole(window, stream, length);
      window.needed = 0;
      if (!known) this.#lose(conversation, speaker);
    } else {
      window.skipping = 0;
      this.#lose(conversation, speaker);
    }
    if (window.length > 0 || window.skipDone) this.#run(conversation, from, speaker, timestampMs);
    window.settle();
  }

  finish(connection: Link, from: End, timestampMs: number): void {
    const conversation = connection.context;
    if (conversation === undefined) return;
    const speaker = conversation.speakers[from];
    speaker.window.ended = true;
    this.#endSpeaker(conversation, from, speaker, timestampMs);
  }

  close(connection: Link, how: Closed, timestampMs: number): void {
    const conversation = connection.context;
    if (conversation === undefined) return;
    const client: End = conversation.clientEnd === 1 ? 1 : 0;
    const server: End = client === 0 ? 1 : 0;
    for (const end of [client, server] as const) {
      const speaker = conversation.speakers[end];
      if (how === ClosedReason.Finished) speaker.window.ended = true;
      this.#endSpeaker(conversation, end, speaker, timestampMs);
      speaker.window.clear();
    }
    settleAll(conversation, this.#rows);
    if (conversation.protocol === undefined) this.#countNotUnderstood(conversation);
    connection.context = undefined;
  }

  #endSpeaker(conversation: Conversation, from: End, speaker: Speaker, now: number): void {
    if (speaker.over) return;
    speaker.over = true;
    const { window } = speaker;
    window.needed = 0;
    if (window.length > 0) this.#run(conversation, from, speaker, now);
    if (speaker.phase === Phase.Parse && speaker.stream !== undefined) {
      this.#reporter.message.reset();
      this.#reporter.aim(conversation, speaker, now);
      conversation.protocol!.parser!.end(window, speaker.stream);
    }
    speaker.window.clear();
  }

  #run(conversation: Conversation, from: End, speaker: Speaker, now: number): void {
    const { window } = speaker;
    window.needed = 0;
    this.#limitBodies();
    this.#reporter.aim(conversation, speaker, now);
    while (window.length > 0 || window.skipDone) {
      if (speaker.phase === Phase.Parse) {
        if (!this.#parse(conversation, speaker, now)) return;
      } else if (speaker.phase === Phase.Recognise) {
        if (!this.#recognise(conversation, from, speaker, now)) return;
        this.#runHeld(conversation, from, speaker, now);
      } else if (speaker.phase === Phase.Resync) {
        if (!this.#resync(conversation, speaker, now)) return;
      } else {
        window.clear();
        return;
      }
    }
  }

  /** One call of the parser. True when it is worth going on. */
  #parse(conversation: Conversation, speaker: Speaker, now: number): boolean {
    const { window } = speaker;
    const before = window.position;
    const ending = window.skipDone;
    window.skipDone = false;
    const progress = conversation.protocol!.parser!.parse(window, speaker.stream!);
    if (this.#reporter.handedOver) {
      this.#handOver(conversation, now);
      return speaker.phase !== Phase.Off;
    }
    if (progress > 0) {
      window.needed = progress;
      if (window.length < progress) {
        if (window.length <= this.#options.bodyLimitBytes + windowSlackBytes) return false;
      } else if (window.position > before || ending) return true;
      this.#lose(conversation, speaker);
      return true;
    }
    if (progress === Step.Next && (window.position > before || ending)) return true;
    if (progress === Step.Stop) {
      this.#giveUpConnection(conversation);
      return false;
    }
    // Lost, or a parser that neither moved nor asked for more: never call it again with the same bytes.
    const kept = Math.min(1, window.length);
    this.#loseParsing(conversation, speaker);
    window.consume(kept);
    return true;
  }

  /** Bytes are gone that the parser cannot account for: drop what belongs to the broken message. */
  #lose(conversation: Conversation, speaker: Speaker): void {
    speaker.window.clear();
    this.#loseParsing(conversation, speaker);
  }

  #loseParsing(conversation: Conversation, speaker: Speaker): void {
    if (speaker.phase === Phase.Recognise) return;
    speaker.phase = Phase.Resync;
    speaker.window.needed = 0;
    if (conversation.protocol!.pairing === 'key') this.#reporter.holeInOpenMessage(speaker);
    if (speaker.open !== undefined) {
      this.#reporter.holeInOpenMessage(speaker);
      const { message } = this.#reporter;
      message.reset();
      message.unfinished = true;
      const part = speaker.side === 'client' ? speaker.open.request : speaker.open.response;
      this.#reporter.finish(part.size);
    }
    losePlace(conversation, speaker.side, this.#rows);
  }

  #resync(conversation: Conversation, speaker: Speaker, now: number): boolean {
    const { window } = speaker;
    const parser = conversation.protocol!.parser!;
    const at = parser.resync(window, speaker.stream!);
    if (at >= 0) {
      window.consume(at);
      speaker.phase = Phase.Parse;
      speaker.found();
      return window.length > 0;
    }
    window.consume(Math.max(0, window.length - parser.resyncTail));
    speaker.lookAgain(window.length + 1, now);
    return false;
  }

  #recognise(conversation: Conversation, from: End, speaker: Speaker, now: number): boolean {
    const { window } = speaker;
    if (conversation.metMs < 0 && this.#twins.knows(conversation, window.startTime())) {
      this.#giveUpConnection(conversation);
      return false;
    }
    let wanted = 0;
    for (const protocol of this.#recognisers) {
      for (const side of possibleSides(conversation, from)) {
        const verdict = protocol.parser.recognise(window, side);
        if (verdict === Verdict.Yes) {
          this.#adopt(conversation, protocol, side === 'client' ? from : from === 0 ? 1 : 0);
          return true;
        }
        if (verdict > window.length && (wanted === 0 || verdict < wanted)) wanted = verdict;
      }
    }
    if (wanted > 0 && !window.ended) {
      speaker.lookAgain(wanted, now);
      return false;
    }
    if (!readHello(conversation, from, this.#options.onServerName)) return false;
    speaker.misses++;
    this.#miss(conversation, from, speaker);
    return false;
  }

  /** What the other end said before, which nobody recognised by itself, comes first. */
  #runHeld(conversation: Conversation, from: End, speaker: Speaker, now: number): void {
    const other = from === 0 ? 1 : 0;
    const held = conversation.speakers[other];
    if (held.window.length === 0 || held.waits || speaker.waits) return;
    speaker.waits = true;
    this.#run(conversation, other, held, conversation.lastTime);
    speaker.waits = false;
    this.#reporter.aim(conversation, speaker, now);
  }

  /** No protocol wants these bytes. */
  #miss(conversation: Conversation, from: End, speaker: Speaker): void {
    const { window } = speaker;
    const other = conversation.speakers[from === 0 ? 1 : 0];
    const fromStart = conversation.connection.client !== -1 && !conversation.beginningLost;
    // A server may answer in a protocol that the client has not spoken properly.
    const hopeless = fromStart
      ? other.misses > 0 || speaker.misses > maxMissesFromStart
      : speaker.misses + other.misses > maxMisses;
    conversation.seems ??= classify(window, this.#recognisers);
    if (hopeless) this.#giveUpConnection(conversation);
    window.clear();
  }

  #adopt(conversation: Conversation, protocol: Recogniser, clientEnd: End, upgraded = false): void {
    conversation.protocol = protocol;
    conversation.seems = undefined;
    conversation.clientEnd = clientEnd;
    conversation.demo = this.#options.demoPorts.has(conversation.serverPort);
    const { parser } = protocol;
    const { redacting } = this.#reporter;
    const states = {
      client: parser.newState('client', upgraded, redacting),
      server: parser.newState('server', upgraded, redacting),
    };
    for (const side of ['client', 'server'] as const) {
      const speaker = conversation.speaker(side);
      speaker.side = side;
      speaker.found();
      const peer = side === 'client' ? states.server : states.client;
      speaker.stream = { side, state: states[side], peer, out: this.#reporter };
      if (speaker.phase !== Phase.Off) speaker.phase = Phase.Parse;
    }
  }

  #handOver(conversation: Conversation, now: number): void {
    const { handedTo } = this.#reporter;
    this.#reporter.handedOver = false;
    giveUpAll(conversation, this.#rows, 0);
    if (handedTo === undefined) {
      settleAll(conversation, this.#rows);
      if (!conversation.recogniseAfresh()) this.#giveUpConnection(conversation);
    } else {
      const next = this.#recognisers.find(
        ({ id, upgradeToken }) => id === handedTo || upgradeToken === handedTo,
      );
      if (next === undefined) {
        conversation.seems = `${handedTo} after an upgrade (not dissected yet)`;
        this.#giveUpConnection(conversation);
        return;
      }
      this.#adopt(conversation, next, conversation.clientEnd === 1 ? 1 : 0, true);
    }
    conversation.lastTime = now;
  }

  /** Nothing more of this connection is looked at. */
  #giveUpConnection(conversation: Conversation): void {
    settleAll(conversation, this.#rows);
    this.#countNotUnderstood(conversation);
    for (const speaker of conversation.speakers) {
      speaker.phase = Phase.Off;
      speaker.window.clear();
    }
    conversation.connection.ignored = true;
  }

  #countNotUnderstood(conversation: Conversation): void {
    const { seems } = conversation;
    if (seems === undefined) return;
    conversation.seems = undefined;
    const { notUnderstood } = this.counters;
    notUnderstood.set(seems, (notUnderstood.get(seems) ?? 0) + 1);
  }

  /** Memory is short: the window that has just grown is given up as if its rest were lost. */
  #shed(conversation: Conversation, speaker: Speaker): void {
    if (speaker.window.length === 0) return;
    this.counters.shedMessages++;
    this.#lose(conversation, speaker);
  }

  /** Messages whose body was left out. */
  get shedBodies(): number {
    return this.#reporter.shedBodies;
  }

  /** Bodies stop being kept when windows take half of their memory: nothing has to be broken off then. */
  #limitBodies(): void {
    const { bodyLimitBytes, windowBytes } = this.#options;
    const reporter = this.#reporter;
    reporter.shedding =
      this.shedLevel !== ShedLevel.Nothing || this.#pool.usedBytes > windowBytes / 2;
    reporter.bodyLimit = reporter.shedding ? 0 : bodyLimitBytes;
  }
}
