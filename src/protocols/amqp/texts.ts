/** The texts of a row: what a method is about, in the words of its fields. */
import type { Message, Span } from '../../dissect/contract.ts';
import { SharedText } from '../../dissect/shared-text.ts';
import { BasicId, ClassId, type Method } from './methods.ts';
import { equal, type PropertySpans, type Spans, u16At, u32At, u64At } from './wire.ts';

/** Exchange and routing key as last seen, and the text they make. */
interface MadeTarget {
  readonly wire: Uint8Array;
  readonly exchangeBytes: number;
  readonly queue: string;
  readonly text: SharedText;
}

/** Targets remembered; a power of two. Most messages go to few places. */
const madeTargets = 2048;
const made: (MadeTarget | undefined)[] = new Array<MadeTarget | undefined>(madeTargets).fill(
  undefined,
);

export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

/**
 * `exchange/routing key`, and the queue when it is known. The routing key follows the exchange on the
 * wire, with its length in between.
 */
function routedText(
  bytes: Uint8Array,
  exchangeFrom: number,
  exchangeTo: number,
  keyTo: number,
  queue: string,
): SharedText {
  let hash = 0;
  for (let i = exchangeFrom; i < keyTo; i++) hash = (hash * 31 + bytes[i]!) | 0;
  const slot = (hash ^ (hash >>> 11) ^ queue.length) & (madeTargets - 1);
  const known = made[slot];
  if (
    known !== undefined &&
    known.queue === queue &&
    known.exchangeBytes === exchangeTo - exchangeFrom &&
    equal(known.wire, bytes, exchangeFrom, keyTo)
  ) {
    return known.text;
  }
  const exchange = textOf(bytes, exchangeFrom, exchangeTo);
  const key = textOf(bytes, exchangeTo + 1, keyTo);
  const route = exchange === '' || key === '' ? exchange + key : `${exchange}/${key}`;
  const text = new SharedText(queue === '' || queue === route ? route : `${route} -> ${queue}`);
  const exchangeBytes = exchangeTo - exchangeFrom;
  made[slot] = { wire: bytes.slice(exchangeFrom, keyTo), exchangeBytes, queue, text };
  return text;
}

function setSpan(span: Span, from: number, to: number): void {
  span.from = from;
  span.to = to;
}

/** Exchange and routing key are the fields `exchange` and `exchange + 1`. `base`: offset 0 of spans. */
export function setRoute(
  message: Message,
  bytes: Uint8Array,
  base: number,
  spans: Spans,
  exchange: number,
  queue: string,
): void {
  const from = spans.from[exchange]!;
  const to = spans.to[exchange]!;
  const keyFrom = spans.from[exchange + 1]!;
  const keyTo = spans.to[exchange + 1]!;
  if (queue === '' && from === to) setSpan(message.target, keyFrom - base, keyTo - base);
  else if (queue === '' && keyFrom === keyTo) setSpan(message.target, from - base, to - base);
  else message.targetText = routedText(bytes, from, to, keyTo, queue);
}

const contentType = 0;
const headers = 2;
const traceParent = Buffer.from('\u000btraceparentS\0\0\0\u0037', 'latin1');
const traceParentBytes = 55;
const traceIdAt = 3;
const traceIdBytes = 32;

/** Content type and trace of a message with a body. */
export function setProperties(
  message: Message,
  bytes: Uint8Array,
  base: number,
  spans: PropertySpans,
): void {
  if (spans.has(contentType)) {
    const from = spans.from[contentType]! - base;
    setSpan(message.contentType, from, spans.to[contentType]! - base);
  }
  if (spans.has(headers)) setTrace(message, bytes, base, spans);
}

/** W3C Trace Context in the headers: `00-TRACE-SPAN-01` as a long string. */
function setTrace(message: Message, bytes: Uint8Array, base: number, spans: PropertySpans): void {
  const last = spans.to[headers]! - traceParent.length - traceParentBytes;
  for (let at = spans.from[headers]!; at <= last; at++) {
    if (bytes[at] !== traceParent[0] || bytes[at + 1] !== traceParent[1]) continue;
    if (!equal(traceParent, bytes, at, at + traceParent.length)) continue;
    const from = at + traceParent.length + traceIdAt;
    for (let i = from; i < from + traceIdBytes; i++) if (!isHex(bytes[i]!)) return;
    setSpan(message.traceId, from - base, from - base + traceIdBytes);
    return;
  }
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/** What a method without content is about, from its fields; empty when its name says it all. */
export type MethodTarget = (bytes: Uint8Array, spans: Spans) => string;

const field =
  (index: number): MethodTarget =>
  (bytes, spans) =>
    textOf(bytes, spans.from[index]!, spans.to[index]!);
const number = (bytes: Uint8Array, spans: Spans, index: number): number => {
  const from = spans.from[index]!;
  return spans.to[index]! - from === 2 ? u16At(bytes, from) : u32At(bytes, from);
};
const join = (exchange: string, key: string): string =>
  exchange === '' || key === '' ? exchange + key : `${exchange}/${key}`;

const closeTarget: MethodTarget = (bytes, spans) => field(1)(bytes, spans);
const tuneTarget: MethodTarget = (bytes, spans) =>
  `${number(bytes, spans, 0)} channels, ${number(bytes, spans, 1)} bytes a frame, heartbeat ${number(bytes, spans, 2)} s`;
const flowTarget: MethodTarget = (_bytes, spans) => ((spans.bits & 1) !== 0 ? 'active' : 'paused');
const exchangeBindTarget: MethodTarget = (bytes, spans) =>
  `${join(field(2)(bytes, spans), field(3)(bytes, spans))} -> ${field(1)(bytes, spans)}`;
const queueBindTarget: MethodTarget = (bytes, spans) =>
  `${join(field(2)(bytes, spans), field(3)(bytes, spans))} -> ${field(1)(bytes, spans)}`;
const qosTarget: MethodTarget = (bytes, spans) => `prefetch ${number(bytes, spans, 1)}`;
const ackTarget: MethodTarget = (bytes, spans) =>
  `delivery ${u64At(bytes, spans.from[0]!)}${(spans.bits & 1) !== 0 ? ' and all before' : ''}`;
const rejectTarget: MethodTarget = (bytes, spans) => `delivery ${u64At(bytes, spans.from[0]!)}`;

const { Connection, Channel, Access, Exchange, Queue, Basic } = ClassId;
const targets = new Map<number, MethodTarget>(
  (
    [
      [Connection, 10, field(3)],
      [Connection, 11, field(1)],
      [Connection, 30, tuneTarget],
      [Connection, 31, tuneTarget],
      [Connection, 40, field(0)],
      [Connection, 50, closeTarget],
      [Connection, 60, field(0)],
      [Connection, 70, field(1)],
      [Channel, 20, flowTarget],
      [Channel, 21, flowTarget],
      [Channel, 40, closeTarget],
      [Access, 10, field(0)],
      [Exchange, 10, field(1)],
      [Exchange, 20, field(1)],
      [Exchange, 30, exchangeBindTarget],
      [Exchange, 40, exchangeBindTarget],
      [Queue, 10, field(1)],
      [Queue, 11, field(0)],
      [Queue, 20, queueBindTarget],
      [Queue, 30, field(1)],
      [Queue, 40, field(1)],
      [Queue, 50, queueBindTarget],
      [Basic, BasicId.Qos, qosTarget],
      [Basic, BasicId.Consume, field(1)],
      [Basic, BasicId.ConsumeOk, field(0)],
      [Basic, BasicId.Cancel, field(0)],
      [Basic, BasicId.CancelOk, field(0)],
      [Basic, BasicId.Get, field(1)],
      [Basic, BasicId.Ack, ackTarget],
      [Basic, BasicId.Nack, ackTarget],
      [Basic, BasicId.Reject, rejectTarget],
    ] as const
  ).map(([classId, id, target]) => [classId * 256 + id, target] as const),
);

/** The target of a method without content; `channel 3` for those about the channel as a whole. */
export function methodTarget(
  method: Method,
  channel: number,
  bytes: Uint8Array,
  spans: Spans,
): string {
  const target = targets.get(method.classId * 256 + method.id);
  if (target !== undefined) return target(bytes, spans);
  return channel === 0 ? '' : `channel ${channel}`;
}
