/** Streams that were open when the capture started: their headers will never come, their messages do. */
import type { Window } from '../../dissect/contract.ts';
import { areMessages } from '../grpc/prefixes.ts';
import { openUnnamed } from './calls.ts';
import { reserveEntry, type Stream } from './report.ts';
import { type Http2Message, maxMessages, takeMessage } from './stream.ts';

/** gRPC answers with no other. */
const okStatus = 200;

/**
 * The message that a DATA frame with this content, `length` bytes from `from` in the window, belongs to, when
 * it is one of gRPC: nothing but messages behind prefixes. Undefined: it is not known what it is.
 */
export function adoptStream(
  window: Window,
  stream: Stream,
  id: number,
  from: number,
  length: number,
): Http2Message | undefined {
  const { state, peer, out, side } = stream;
  const isWhole = window.length >= from + length;
  if (!isWhole || state.closed.has(id) || state.messages.size >= maxMessages) return undefined;
  const at = window.start + from;
  if (!areMessages(window.bytes, at, at + length)) return undefined;
  const part = takeMessage(id);
  out.mark(part.mark);
  part.hasHead = true;
  if (side === 'server') part.status = okStatus;
  state.messages.set(id, part);
  part.home = state.messages;
  part.inner = openUnnamed(stream, part);
  // The answer came first, and its entry stands for the call: the messages of the request go under it.
  part.isLoose = side === 'client' && peer.messages.get(id)?.begun === true && out.noteOf(id) === 0;
  if (part.isLoose) return part;
  reserveEntry(stream, part);
  state.fresh.push(part);
  return part;
}
