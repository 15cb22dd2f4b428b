/** What the parser remembers of a connection. */
import type { Mark, ParserStream, Side } from '../../dissect/contract.ts';
import type { SharedText } from '../../dissect/shared-text.ts';
import { ConfirmLearner } from './learn-confirms.ts';
import type { Method } from './methods.ts';
import { Tags } from './tags.ts';
import { equal } from './wire.ts';

/** Channels of one connection that are remembered; brokers allow 2,047. The oldest are forgotten. */
const maxChannels = 4096;
/** Consumers of one channel that are remembered. */
const maxConsumers = 1024;
/** Synchronous methods of one channel that wait; clients send one at a time. */
const maxWaitingMethods = 64;

/** Whether the broker confirms what is published on a channel. */
export const Confirm = {
  /** The channel was opened before the capture, or its count was lost in a hole. */
  Unknown: 0,
  Off: 1,
  On: 2,
} as const;
export type Confirm = (typeof Confirm)[keyof typeof Confirm];

export interface Consumer {
  readonly tag: Uint8Array;
  /** Its deliveries are not acknowledged. */
  readonly noAck: boolean;
  readonly queue: string;
}

/** Both directions of one channel. */
export class Channel {
  readonly number: number;
  confirm: Confirm;
  /** Delivery tag of the last publish on a channel with confirms. */
  published = 0;
  /** That confirms are on, and the count, was found out by a `ConfirmLearner`. */
  isLearnt = false;
  /** While `confirm` is not known. */
  #learner: ConfirmLearner | undefined = undefined;
  /** Of publishes that wait for their confirm. */
  readonly publishes = new Tags();
  /** Of deliveries that wait for their acknowledgement. */
  readonly deliveries = new Tags();
  /** An acknowledgement was seen: consumers that are not known acknowledge. */
  acknowledges = false;
  /** Keys of the synchronous methods that wait for their answer, oldest first. */
  readonly waiting: number[] = [];
  /** Bytes were lost since: what waits may have been answered. */
  doubtful = false;
  /** The consumer found last comes first. */
  readonly #consumers: Consumer[] = [];
  /** Consumers that the server is about to name. */
  readonly #nameless: Consumer[] = [];

  constructor(number: number, confirm: Confirm) {
    this.number = number;
    this.confirm = confirm;
  }

  /** A publish on a channel of which it is not known whether, and as which, it will be confirmed. */
  publishedUnknown(timeMs: number): void {
    this.#learner ??= new ConfirmLearner();
    this.#learner.published(timeMs);
  }

  /** A confirm on such a channel. From here on publishes may be counted. */
  confirmedUnknown(tag: number, timeMs: number): void {
    this.#learner ??= new ConfirmLearner();
    if (!this.#learner.confirmed(tag, timeMs)) return;
    this.confirm = Confirm.On;
    this.isLearnt = true;
    this.published = tag;
  }

  /** Publishes may have been lost, or the count is proved wrong. */
  forgetCount(): void {
    if (this.confirm === Confirm.On) this.confirm = Confirm.Unknown;
    this.isLearnt = false;
    this.#learner = undefined;
  }

  addWaiting(key: number): void {
    if (this.waiting.length < maxWaitingMethods) this.waiting.push(key);
  }

  removeWaiting(key: number): void {
    const at = this.waiting.indexOf(key);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** A consumer was asked for; without a tag the answer brings it. */
  addConsumer(consumer: Consumer): void {
    const list = consumer.tag.length === 0 ? this.#nameless : this.#consumers;
    if (list.length < maxConsumers) list.push(consumer);
  }

  /** The server has named a consumer that had no tag. */
  nameConsumer(bytes: Uint8Array, from: number, to: number): void {
    if (this.#nameless.length === 0 || this.consumer(bytes, from, to) !== undefined) return;
    const { noAck, queue } = this.#nameless.shift()!;
    this.addConsumer({ tag: bytes.slice(from, to), noAck, queue });
  }

  removeConsumer(bytes: Uint8Array, from: number, to: number): void {
    if (this.consumer(bytes, from, to) !== undefined) this.#consumers.shift();
  }

  forgetNameless(): void {
    this.#nameless.length = 0;
  }

  /** The consumer with the tag `bytes[from, to)`. */
  consumer(bytes: Uint8Array, from: number, to: number): Consumer | undefined {
    const consumers = this.#consumers;
    for (let i = 0; i < consumers.length; i++) {
      const consumer = consumers[i]!;
      if (!equal(consumer.tag, bytes, from, to)) continue;
      if (i > 0) {
        consumers[i] = consumers[0]!;
        consumers[0] = consumer;
      }
      return consumer;
    }
    return undefined;
  }
}

/** A message with a body that comes in pieces. Its frames are gathered as they were on the wire. */
export class Content {
  readonly channel: number;
  readonly method: Method;
  readonly key: number;
  readonly oneWay: boolean;
  /** The kept frames: `bytes[0, used)`. */
  bytes: Uint8Array;
  used = 0;
  /** Length of the frames on the wire. */
  wireBytes = 0;
  /** Length of the method frame, where the header frame starts. */
  headerAt = 0;
  bodyBytes = 0;
  bodySeen = 0;
  /** How many bytes are kept at most. */
  limit = 0;
  headerSeen = false;
  /** Where its method is. */
  readonly mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  /** Queue of its consumer, when that is known. */
  queue = '';
  /** It is the client's turn to acknowledge what it got. */
  awaitsAck = false;
  cut = false;
  hole = false;

  constructor(channel: number, method: Method, key: number, oneWay: boolean, bytes: Uint8Array) {
    this.channel = channel;
    this.method = method;
    this.key = key;
    this.oneWay = oneWay;
    this.bytes = bytes;
  }
}

/** What both ends of a connection have in common; it lies in the client's state. */
export class Link {
  virtualHost: SharedText | undefined;
  /** Either end has said that it closes, or has hung up without. */
  closing = false;
  /** Frames and heartbeats of the client and the server, as the closing of the connection shows them. */
  readonly frames = [0, 0];
  readonly heartbeats = [0, 0];
  /** Messages from the client, and to it. */
  readonly messages = [0, 0];
  readonly #channels = new Map<number, Channel>();
  #last: Channel | undefined;

  /** The channel of this number; one that is not known yet was opened before the capture. */
  channel(number: number): Channel {
    const last = this.#last;
    if (last !== undefined && last.number === number) return last;
    return this.#find(number) ?? this.open(number, Confirm.Unknown);
  }

  #find(number: number): Channel | undefined {
    const channel = this.#channels.get(number);
    if (channel !== undefined) this.#last = channel;
    return channel;
  }

  open(number: number, confirm: Confirm): Channel {
    const channel = new Channel(number, confirm);
    if (this.#channels.size >= maxChannels && !this.#channels.has(number)) {
      const oldest = this.#channels.keys().next().value;
      if (oldest !== undefined) this.#channels.delete(oldest);
    }
    this.#channels.set(number, channel);
    this.#last = channel;
    return channel;
  }

  close(number: number): void {
    this.#channels.delete(number);
    this.#last = undefined;
  }

  /** Copies: the caller may change what it walks over. */
  channels(): Channel[] {
    return [...this.#channels.values()];
  }
}

/** One side. */
export class AmqpState {
  /** Only that of the client's state is used: `linkOf`. */
  readonly link: Link = new Link();
  /** By channel. */
  readonly contents = new Map<number, Content>();
  /** Bytes kept in `contents`. */
  contentBytes = 0;
  /** Bytes of a body frame that are still to come, and whose they are; undefined: nobody's. */
  bodyLeft = 0;
  body: Content | undefined = undefined;
  /** A body frame's end mark comes next. */
  endNext = false;
  /** 91, 90 or 80, from the protocol header. */
  version = 91;
  /** How many frames this side had sent when bytes of it were lost; -1: none were. */
  framesAtLoss = -1;
}

export type AmqpStream = ParserStream<AmqpState>;

export function linkOf({ side, state, peer }: AmqpStream): Link {
  return side === 'client' ? state.link : peer.link;
}

/** Index of a side in the lists of `Link`. */
export function sideIndex(side: Side): 0 | 1 {
  return side === 'client' ? 0 : 1;
}

/** What keys tell apart; see `keyOf`. */
export const KeyKind = {
  /** A synchronous method of the client, by class and method. */
  ClientMethod: 1,
  ServerMethod: 2,
  /** A publish, by its confirm's tag. */
  Publish: 3,
  /** A delivery, by its tag. */
  Delivery: 4,
  /** A message that nobody answers, while its body is on its way. */
  ClientContent: 5,
  ServerContent: 6,
} as const;
export type KeyKind = (typeof KeyKind)[keyof typeof KeyKind];

/** Pairing key: kind, channel and a 32-bit number, below 2^51. */
export function keyOf(kind: KeyKind, channel: number, number: number): number {
  // The remainder of a number this large is slow, and hardly ever needed.
  const low = number < 2 ** 32 ? number : number % 2 ** 32;
  return kind * 2 ** 48 + channel * 2 ** 32 + low;
}

/** Key of a synchronous method sent by `side`. */
export function methodKey(side: Side, channel: number, method: Method, id: number): number {
  const kind = side === 'client' ? KeyKind.ClientMethod : KeyKind.ServerMethod;
  return keyOf(kind, channel, method.classId * 256 + id);
}
