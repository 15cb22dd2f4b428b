/**
 * What happened on a connection as a whole. Behind the frame that closes it, the kept bytes have one
 * more in the form of a frame, of a type that is never on the wire; when a side has hung up without such
 * a frame, it is all there is:
 *
 *   u8 type 't' · u16 0 · u32 24 · six u32: frames, heartbeats, messages of the client, of the server
 *   u8 0xCE
 */
import type { ValueMap } from '../../dissect/contract.ts';
import type { Link } from './state.ts';
import { frameBytes, frameEnd, headBytes, u32At } from './wire.ts';

export const totalsType = 0x74;
/** What is shown as the method of an entry that says that a side has hung up. */
export const hangUp = 'connection lost';
const totalsBytes = 24;
const names = ['frames', 'heartbeats', 'messages'] as const;

export function totalsFrame(link: Link): Uint8Array {
  const frame = new Uint8Array(frameBytes + totalsBytes);
  const view = new DataView(frame.buffer);
  view.setUint8(0, totalsType);
  view.setUint32(3, totalsBytes);
  names.forEach((name, i) => {
    view.setUint32(headBytes + i * 8, link[name][0]!);
    view.setUint32(headBytes + i * 8 + 4, link[name][1]!);
  });
  frame[frame.length - 1] = frameEnd;
  return frame;
}

/** The totals in a frame's payload: `{client: {frames, heartbeats, messages}, server: {...}}`. */
export function readTotals(payload: Uint8Array): ValueMap | undefined {
  if (payload.length < totalsBytes) return undefined;
  const side = (at: number): ValueMap =>
    Object.fromEntries(names.map((name, i) => [name, u32At(payload, i * 8 + at)]));
  return { client: side(0), server: side(4) };
}
