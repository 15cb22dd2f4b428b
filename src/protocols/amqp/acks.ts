/**
 * `ack`, `nack` and `reject`: the server's confirm what was published, the client's acknowledge what was
 * delivered. One may answer many.
 */
import { Role } from '../../dissect/contract.ts';
import { BasicId, type Method } from './methods.ts';
import { type AmqpStream, type Channel, KeyKind, keyOf } from './state.ts';

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
