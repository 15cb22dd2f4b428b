/**
 * `ack`, `nack` and `reject`: the server's confirm what was published, the client's acknowledge what was
 * delivered. One may answer many.
 */
import { type Mark, Role } from '../../dissect/contract.ts';
import { BasicId, type Method } from './methods.ts';
import { type AmqpStream, type Channel, Confirm, KeyKind, keyOf } from './state.ts';

export function isAck(method: Method): boolean {
  return method.id === BasicId.Ack || method.id === BasicId.Nack || method.id === BasicId.Reject;
}

/**
 * Reports the message as the answer to all that it answers. Returns 0 when it answered something, else
 * the key under which it is to be reported alone, with texts: what it answers was not seen.
 */
export function answerTags(
  { side, out }: AmqpStream,
  channel: Channel,
  method: Method,
  tag: number,
  multiple: boolean,
): number {
  const { message } = out;
  const fromClient = side === 'client';
  const tags = fromClient ? channel.deliveries : channel.publishes;
  const kind = fromClient ? KeyKind.Delivery : KeyKind.Publish;
  if (fromClient) channel.acknowledges = true;
  message.role = Role.Response;
  message.failed = method.id !== BasicId.Ack;
  if (!multiple) {
    message.key = keyOf(kind, channel.number, tag);
    if (!tags.take(tag)) return message.key;
    out.whole();
    return 0;
  }
  let alone = keyOf(kind, channel.number, tag);
  const most = tag === 0 ? Number.POSITIVE_INFINITY : tag;
  for (let each = tags.takeUpTo(most); each >= 0; each = tags.takeUpTo(most)) {
    message.key = keyOf(kind, channel.number, each);
    out.whole();
    alone = 0;
  }
  return alone;
}

const here: Mark = { timeMs: 0, packet: 0, sequence: 0 };

/** A confirm has come: it may tell how many have been published, or that they were counted wrong. */
export function countConfirm(stream: AmqpStream, channel: Channel, tag: number): void {
  if (channel.confirm === Confirm.On && tag > channel.published) {
    // What was counted since `confirm select` is right as far as it goes; what was learnt is not.
    if (channel.isLearnt) settleTags(stream, channel, KeyKind.Publish);
    channel.forgetCount();
  }
  if (channel.confirm !== Confirm.Unknown) return;
  stream.out.mark(here);
  channel.confirmedUnknown(tag, here.timeMs);
}

/** Nobody will acknowledge these any more: they become entries as they are. */
export function settleTags({ out }: AmqpStream, channel: Channel, kind: KeyKind): void {
  const tags = kind === KeyKind.Publish ? channel.publishes : channel.deliveries;
  const { message } = out;
  for (let tag = tags.takeUpTo(Number.POSITIVE_INFINITY); tag >= 0; ) {
    message.reset();
    message.key = keyOf(kind, channel.number, tag);
    out.settle();
    tag = tags.takeUpTo(Number.POSITIVE_INFINITY);
  }
}
