/** Methods without content: what they are to an exchange, and what they change. */
import { type Message, type Progress, Role, Step, type Window } from '../../dissect/contract.ts';
import { SharedText } from '../../dissect/shared-text.ts';
import { answerTags, countConfirm, isAck, settleTags } from './acks.ts';
import { noteAwaitsAck } from './content.ts';
import { BasicId, ClassId, type Method } from './methods.ts';
import { hasSecret, redactMethod } from './redact.ts';
import {
  type AmqpStream,
  type Channel,
  Confirm,
  KeyKind,
  keyOf,
  type Link,
  linkOf,
  methodKey,
} from './state.ts';
import { methodTarget, textOf } from './texts.ts';
import { totalsFrame } from './totals.ts';
import { argumentsAt, Spans, scanArguments, u16At, u64At } from './wire.ts';

const spans = new Spans();

/** Class and method in one number. */
const code = (classId: number, id: number): number => classId * 256 + id;
const connectionOpen = code(ClassId.Connection, 40);
const connectionClose = code(ClassId.Connection, 50);
const connectionCloseOk = code(ClassId.Connection, 51);
const channelOpen = code(ClassId.Channel, 10);
const channelClose = code(ClassId.Channel, 40);
const channelCloseOk = code(ClassId.Channel, 41);
const confirmSelect = code(ClassId.Confirm, 10);
const basicConsume = code(ClassId.Basic, BasicId.Consume);
const basicConsumeOk = code(ClassId.Basic, BasicId.ConsumeOk);
const basicCancel = code(ClassId.Basic, BasicId.Cancel);
const basicCancelOk = code(ClassId.Basic, BasicId.CancelOk);
const basicPublish = code(ClassId.Basic, BasicId.Publish);
const basicGet = code(ClassId.Basic, BasicId.Get);
const recoverAsync = code(ClassId.Basic, BasicId.RecoverAsync);
const recoverOk = code(ClassId.Basic, BasicId.RecoverOk);

/** The reply code of closings that are no failure. */
const success = 200;
/** The bit of `consume` that says that nobody acknowledges. */
const consumeNoAck = 2;

/** A method frame of `total` bytes without content is the first in the window. */
export function takeMethod(
  window: Window,
  stream: AmqpStream,
  method: Method,
  number: number,
  total: number,
): Progress {
  const { bytes, start } = window;
  const { message } = stream.out;
  const link = linkOf(stream);
  const channel = link.channel(number);
  const end = start + total - 1;
  const fits = scanArguments(method, bytes, start + argumentsAt, end, spans);
  if (fits && method.classId === ClassId.Basic && isAck(method)) {
    takeAck(stream, link, channel, method, bytes, total);
    window.consume(total);
    return Step.Next;
  }
  if (fits) before(window, stream, channel, method, total);
  message.reset();
  message.to = total;
  message.size = total;
  message.version = stream.state.version;
  setTexts(message, link, channel, method, bytes, fits);
  message.malformed = !fits || spans.end !== end;
  if (stream.out.redacting && hasSecret(method)) {
    if (fits) redactMethod(message, method, bytes, start, total, spans);
    else message.to = argumentsAt;
  }
  if (method.answers === 0) asRequest(window, stream, channel, method, fits, total);
  else asAnswer(stream, channel, method);
  stream.out.whole();
  if (fits) after(stream, link, channel, method, bytes);
  window.consume(total);
  return Step.Next;
}

/** Acknowledgements are as many as messages: one that finds what it answers needs no texts. */
function takeAck(
  stream: AmqpStream,
  link: Link,
  channel: Channel,
  method: Method,
  bytes: Uint8Array,
  total: number,
): void {
  const { message } = stream.out;
  const multiple = method.id !== BasicId.Reject && (spans.bits & 1) !== 0;
  const tag = u64At(bytes, spans.from[0]!);
  if (stream.side === 'server') countConfirm(stream, channel, tag);
  message.reset();
  message.to = total;
  message.version = stream.state.version;
  const alone = answerTags(stream, channel, method, tag, multiple);
  if (alone === 0) return;
  message.key = alone;
  setTexts(message, link, channel, method, bytes, true);
  stream.out.whole();
}

function setTexts(
  message: Message,
  link: Link,
  channel: Channel,
  method: Method,
  bytes: Uint8Array,
  fits: boolean,
): void {
  message.methodText = method.rowText;
  message.hostText = link.virtualHost;
  if (!fits) return;
  const target = methodTarget(method, channel.number, bytes, spans);
  if (target !== '') message.text(message.target, target);
}

function asAnswer(stream: AmqpStream, channel: Channel, method: Method): void {
  const { side, out } = stream;
  const { message } = out;
  message.role = Role.Response;
  const asker = side === 'client' ? 'server' : 'client';
  message.key = methodKey(asker, channel.number, method, method.answers);
  channel.removeWaiting(message.key);
  const what = code(method.classId, method.id);
  if (what !== connectionCloseOk && what !== channelCloseOk) return;
  if (what === connectionCloseOk) linkOf(stream).closing = true;
  message.status = out.noteOf(message.key);
  message.failed = message.status !== 0 && message.status !== success;
}

/** A method that is no answer; it waits for one, unless it says that nobody shall answer. */
function asRequest(
  window: Window,
  stream: AmqpStream,
  channel: Channel,
  method: Method,
  fits: boolean,
  total: number,
): void {
  const { side } = stream;
  const { message } = stream.out;
  const what = code(method.classId, method.id);
  message.role = Role.Request;
  message.key = methodKey(side, channel.number, method, method.id);
  const noWait = method.noWaitBit >= 0 && fits && (spans.bits & (1 << method.noWaitBit)) !== 0;
  message.oneWay = !method.synchronous || noWait;
  if (!message.oneWay && side === 'client') channel.addWaiting(message.key);
  if (!fits) return;
  if (what === basicGet && (spans.bits & 1) === 0) message.note = noteAwaitsAck;
  if (what !== connectionClose && what !== channelClose) return;
  message.status = u16At(window.bytes, spans.from[0]!);
  message.note = message.status;
  message.failed = message.status !== success;
  if (what === connectionClose) {
    linkOf(stream).closing = true;
    message.source = Buffer.concat([window.view(0, total), totalsFrame(linkOf(stream))]);
    message.to = message.source.length;
  }
}

/** What a method ends, before it is reported itself. */
function before(
  window: Window,
  stream: AmqpStream,
  channel: Channel,
  method: Method,
  total: number,
): void {
  const { bytes } = window;
  const link = linkOf(stream);
  const what = code(method.classId, method.id);
  if (what === channelOpen && stream.side === 'client') {
    settleChannel(stream, channel);
    link.open(channel.number, Confirm.Off);
  } else if (what === connectionOpen) {
    link.virtualHost = new SharedText(textOf(bytes, spans.from[0]!, spans.to[0]!));
  }
  if (channel.doubtful && stream.side === 'client' && method.synchronous)
    settleDoubtful(stream, channel);
  if (what !== channelClose && what !== connectionClose) return;
  if (stream.side === 'client' || replyCode(bytes) === success) return;
  if (what === channelClose) {
    for (const key of [...channel.waiting]) fail(stream, channel, method, key, bytes, total);
    if (methodCause(bytes) === basicPublish) failPublishes(stream, channel, method, bytes, total);
  } else {
    const cause = methodCause(bytes);
    for (const each of link.channels()) {
      const key = each.waiting.find((waiting) => waiting % 2 ** 32 === cause);
      if (key === undefined || cause === 0) continue;
      fail(stream, each, method, key, bytes, total);
      break;
    }
  }
}

/** Reply code of a closing; only meaningful for one. */
function replyCode(bytes: Uint8Array): number {
  return u16At(bytes, spans.from[0]!);
}

/** Class and method that made the server close, as in the keys of methods. */
function methodCause(bytes: Uint8Array): number {
  return code(u16At(bytes, spans.from[2]!), u16At(bytes, spans.from[3]!));
}

/** The server closes instead of answering: that is the answer. */
function fail(
  stream: AmqpStream,
  channel: Channel,
  method: Method,
  key: number,
  bytes: Uint8Array,
  total: number,
): void {
  const { message } = stream.out;
  channel.removeWaiting(key);
  message.reset();
  message.to = total;
  message.version = stream.state.version;
  message.methodText = method.rowText;
  message.text(message.target, methodTarget(method, channel.number, bytes, spans));
  message.role = Role.Response;
  message.key = key;
  message.status = u16At(bytes, spans.from[0]!);
  message.failed = true;
  stream.out.whole();
}

/** One of the publishes made the server close the channel: none of them will be confirmed. */
function failPublishes(
  stream: AmqpStream,
  channel: Channel,
  method: Method,
  bytes: Uint8Array,
  total: number,
): void {
  const { publishes } = channel;
  for (let tag = publishes.takeUpTo(Infinity); tag >= 0; tag = publishes.takeUpTo(Infinity)) {
    fail(stream, channel, method, keyOf(KeyKind.Publish, channel.number, tag), bytes, total);
  }
}

/** Bytes were lost while these waited, and their client goes on: it has had its answers. */
function settleDoubtful({ out }: AmqpStream, channel: Channel): void {
  channel.doubtful = false;
  for (const key of channel.waiting.splice(0)) {
    out.message.reset();
    out.message.key = key;
    out.settle();
  }
}

function settleChannel(stream: AmqpStream, channel: Channel): void {
  settleTags(stream, channel, KeyKind.Publish);
  settleTags(stream, channel, KeyKind.Delivery);
}

/** What a method begins. */
function after(
  stream: AmqpStream,
  link: Link,
  channel: Channel,
  method: Method,
  bytes: Uint8Array,
): void {
  switch (code(method.classId, method.id)) {
    case confirmSelect:
      if (channel.confirm === Confirm.On) return;
      channel.confirm = Confirm.On;
      channel.published = 0;
      return;
    case basicConsume:
      channel.addConsumer({
        tag: bytes.slice(spans.from[2]!, spans.to[2]!),
        noAck: (spans.bits & consumeNoAck) !== 0,
        queue: textOf(bytes, spans.from[1]!, spans.to[1]!),
      });
      return;
    case basicConsumeOk:
      channel.nameConsumer(bytes, spans.from[0]!, spans.to[0]!);
      return;
    case basicCancel:
      if (stream.side === 'server') channel.removeConsumer(bytes, spans.from[0]!, spans.to[0]!);
      return;
    case basicCancelOk:
      channel.removeConsumer(bytes, spans.from[0]!, spans.to[0]!);
      return;
    case recoverAsync:
    case recoverOk:
      settleTags(stream, channel, KeyKind.Delivery);
      return;
    case channelCloseOk:
      settleChannel(stream, channel);
      link.close(channel.number);
  }
}

/** A method that no specification known here has: shown with its numbers, and nobody is awaited. */
export function takeUnknownMethod(
  window: Window,
  { state, out }: AmqpStream,
  classId: number,
  id: number,
  total: number,
): Progress {
  const { message } = out;
  message.reset();
  message.to = total;
  message.version = state.version;
  message.text(message.method, `class ${classId} method ${id}`);
  message.role = Role.Request;
  message.oneWay = true;
  out.whole();
  window.consume(total);
  return Step.Next;
}
