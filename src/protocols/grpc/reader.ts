/**
 * Messages of a call, the hot half: bytes of a body → length-prefixed messages, each an entry under its call
 * as soon as its last byte has come.
 *
 *   u8 flags · u32 length · content
 */
import type { Mark, Message, Output } from '../../dissect/contract.ts';
import { SharedText } from '../../dissect/shared-text.ts';
import type { BodyReader } from '../http/body-reader.ts';
import { held, maxHeldBytes } from '../http2/payload.ts';
import { Flavour, fillHead, type PayloadHead, PrefixFlag, pathStart, Remark } from './payload.ts';
import { concludeCall, endOfStream, linesEnd, noEnd, trailersEnd } from './reader-end.ts';

const prefixBytes = 5;
const methodText = new SharedText('message');
/** Longest last message of a stream that is looked into. */
const maxEndBytes = 64 << 10;

/** What the messages of one direction have in common; calls of a kind to a path share it. */
export interface CallDirection extends PayloadHead {
  /** `Protocol.code` of the messages. */
  readonly protocol: number;
  /** Version of the row. */
  readonly version: number;
  readonly flavour: Flavour;
  readonly encoding: Uint8Array;
}

export class MessageReader implements BodyReader {
  /** How the call ended, as the body itself tells it (gRPC-Web, Connect); -1: it has not. */
  status = noEnd;
  readonly #out: Output;
  /** `Message.key` of the exchange. */
  readonly #key: number;
  readonly #direction: CallDirection;
  readonly #head: Uint8Array;
  readonly #mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  /** Bytes of the prefix that have come, and their values. */
  #prefixSeen = 0;
  #flags = 0;
  #length = 0;
  /** Of the content: bytes that have come, and those that are kept. */
  #seen = 0;
  #kept: Uint8Array | undefined;
  #keptBytes = 0;
  #hole = false;
  #index = 0;
  /** Nobody knows where messages begin any more. */
  #lost = false;

  constructor(out: Output, key: number, direction: CallDirection) {
    this.#out = out;
    this.#key = key;
    this.#direction = direction;
    this.#head = direction.head;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to && !this.#lost) {
      if (this.#prefixSeen < prefixBytes) {
        at = this.#takePrefix(bytes, at, to);
        if (this.#prefixSeen < prefixBytes) return;
        if (this.#length === 0) this.#report(bytes, at, at, 0);
        continue;
      }
      const here = Math.min(this.#length - this.#seen, to - at);
      if (this.#seen === 0 && here === this.#length) this.#report(bytes, at, at + here, 0);
      else this.#take(bytes, at, at + here);
      at += here;
    }
  }

  hole(length: number): void {
    if (this.#lost) return;
    const left = this.#length - this.#seen;
    if (length < 0 || this.#prefixSeen < prefixBytes || length > left) {
      this.#breakOff();
      this.#lost = true;
      return;
    }
    this.#hole = true;
    this.#seen += length;
    if (this.#seen === this.#length) this.#reportKept(0);
  }

  end(_complete: boolean): void {
    this.#breakOff();
  }

  conclude(message: Message, head?: Uint8Array): void {
    const { protocol, flavour } = this.#direction;
    // Trailers alone are sent as headers.
    if (this.status === noEnd && head !== undefined && flavour === Flavour.GrpcWeb) {
      this.status = linesEnd(head);
    }
    concludeCall(message, protocol, this.status);
  }

  #breakOff(): void {
    if (this.#prefixSeen === prefixBytes && !this.#lost) this.#reportKept(Remark.Unfinished);
  }

  #takePrefix(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (this.#prefixSeen === 0) this.#out.mark(this.#mark);
    while (at < to && this.#prefixSeen < prefixBytes) {
      const byte = bytes[at++]!;
      if (this.#prefixSeen === 0) {
        this.#flags = byte;
        this.#length = 0;
      } else this.#length = this.#length * 256 + byte;
      this.#prefixSeen++;
    }
    this.#seen = 0;
    return at;
  }

  /** A part of a message: kept up to the limit. */
  #take(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    const room = Math.min(this.#out.bodyLimit - this.#keptBytes, maxHeldBytes - held.bytes);
    const added = Math.max(0, Math.min(length, room));
    // Behind bytes that are missing nothing more is kept: it would be taken for what follows.
    if (added > 0 && this.#seen === this.#keptBytes) {
      this.#grow(added);
      this.#kept!.set(bytes.subarray(from, from + added), this.#keptBytes);
      this.#keptBytes += added;
      held.bytes += added;
    }
    this.#seen += length;
    if (this.#seen === this.#length) this.#reportKept(0);
  }

  #grow(added: number): void {
    const wanted = this.#keptBytes + added;
    if (this.#kept !== undefined && wanted <= this.#kept.length) return;
    const usual = Math.min(this.#length, this.#out.bodyLimit);
    const larger = new Uint8Array(Math.max(wanted, Math.min(usual, this.#keptBytes * 2 + 4096)));
    if (this.#kept !== undefined) larger.set(this.#kept.subarray(0, this.#keptBytes));
    this.#kept = larger;
  }

  #reportKept(remark: number): void {
    held.bytes -= this.#keptBytes;
    const kept = this.#kept ?? this.#head;
    this.#report(kept, 0, this.#keptBytes, remark);
    this.#kept = undefined;
    this.#keptBytes = 0;
  }

  /** The message, of which `bytes[from, to)` is kept, is there, or as much of it as will come. */
  #report(bytes: Uint8Array, from: number, to: number, remark: number): void {
    if (this.#isEnd()) this.#takeEnd(bytes, from, to);
    else this.#child(bytes, from, to, remark);
    this.#prefixSeen = 0;
    this.#hole = false;
  }

  #isEnd(): boolean {
    const { flavour } = this.#direction;
    if (flavour === Flavour.GrpcWeb) return (this.#flags & PrefixFlag.Trailers) !== 0;
    return flavour === Flavour.Connect && (this.#flags & PrefixFlag.EndOfStream) !== 0;
  }

  #takeEnd(bytes: Uint8Array, from: number, to: number): void {
    const end = bytes.subarray(from, Math.min(to, from + maxEndBytes));
    const compressed = (this.#flags & PrefixFlag.Compressed) !== 0;
    const { flavour, encoding } = this.#direction;
    const coding = compressed ? encoding : undefined;
    this.status = flavour === Flavour.GrpcWeb ? trailersEnd(end) : endOfStream(end, coding);
  }

  #child(bytes: Uint8Array, from: number, to: number, remark: number): void {
    const head = this.#head;
    const direction = this.#direction;
    const limit = Math.max(0, Math.min(to - from, this.#out.bodyLimit));
    const cut = this.#length > limit && remark === 0 && !this.#hole;
    const remarks = remark | (cut ? Remark.Cut : 0) | (this.#hole ? Remark.Hole : 0);
    fillHead(head, this.#flags, remarks, this.#index++, this.#length);
    const { message } = this.#out;
    message.reset();
    message.source = bytes;
    message.lead = head;
    message.from = from - head.length;
    message.to = from + limit;
    message.mark = this.#mark;
    message.size = prefixBytes + this.#length;
    message.key = this.#key;
    message.protocol = direction.protocol;
    message.version = direction.version;
    message.cut = cut;
    message.hole = this.#hole;
    message.unfinished = remark === Remark.Unfinished;
    message.methodText = methodText;
    message.target.from = message.from + pathStart(head);
    message.target.to = from;
    message.isAscii = direction.isAscii;
    this.#out.child();
  }
}
