/**
 * What is kept of one side of a connection:
 *
 *   8 bytes, its protocol header, zeros when that was not seen
 *   u8 number of counts · of each: u8 performative, u32 frames
 *   its open frame, and the first that says what went wrong, when they were seen
 */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { Code, FrameResult, found, frameAt, performatives, u32At } from './frames.ts';

export const headerBytes = 8;
const countBytes = 5;

export function summaryOf(
  header: Uint8Array,
  counts: ReadonlyMap<number, number>,
  frames: readonly Uint8Array[],
): Uint8Array {
  const head = Buffer.alloc(headerBytes + 1 + counts.size * countBytes);
  head.set(header.subarray(0, headerBytes));
  let at = head.writeUInt8(counts.size, headerBytes);
  for (const [code, count] of counts) {
    at = head.writeUInt8(code, at);
    at = head.writeUInt32BE(count, at);
  }
  return Buffer.concat([head, ...frames]);
}

/** `{method, version, containerId, hostname, maxFrameSize, channelMax, idleTimeOut, frames, error}` */
export function decodeSummary(bytes: Uint8Array): ValueMap {
  const side: ValueMap = { method: 'connection' };
  if (bytes.length <= headerBytes) return side;
  if (bytes[0] !== 0) side['version'] = [...bytes.subarray(5, headerBytes)].join('.');
  const frames: ValueMap = {};
  let total = 0;
  let at = headerBytes + 1;
  for (let left = bytes[headerBytes]!; left > 0 && at + countBytes <= bytes.length; left--) {
    const count = u32At(bytes, at + 1);
    frames[performatives[bytes[at]!] ?? 'heartbeat'] = count;
    total += count;
    at += countBytes;
  }
  while (at < bytes.length) {
    const length = frameAt(bytes, at, bytes.length);
    if (length === FrameResult.No || length === FrameResult.Incomplete) break;
    const fields = listFields(bytes, found.bodyAt + 3, Math.min(at + length, bytes.length));
    if (found.code === Code.Open) addOpen(side, fields);
    const error = errorOf(bytes, found.code, found.bodyAt, Math.min(at + length, bytes.length));
    if (error !== undefined) side['error'] ??= error;
    at += length;
  }
  side['frameCount'] = total;
  side['frames'] = frames;
  return side;
}

const openFields = ['containerId', 'hostname', 'maxFrameSize', 'channelMax', 'idleTimeOut'];

function addOpen(side: ValueMap, fields: readonly Value[]): void {
  openFields.forEach((name, i) => {
    if (fields[i] !== undefined) side[name] = fields[i];
  });
}

/** Container and host that an open frame names. */
export function openNames(bytes: Uint8Array, body: number, end: number): [string, string] {
  const [container, host] = listFields(bytes, body + 3, end);
  return [typeof container === 'string' ? container : '', typeof host === 'string' ? host : ''];
}

/** Whether frames of this kind may say that something went wrong. */
export function mayFail(code: number): boolean {
  return code === Code.Outcome || (code >= Code.Detach && code <= Code.Close);
}

/** What went wrong, in words; undefined: nothing did. */
export function errorOf(
  bytes: Uint8Array,
  code: number,
  body: number,
  end: number,
): string | undefined {
  if (!mayFail(code)) return undefined;
  const fields = listFields(bytes, body + 3, end);
  if (code === Code.Outcome) return fields[0] === 0 ? undefined : 'the log-in was refused';
  const error = fields[code === Code.Detach ? detachError : 0];
  if (error === undefined) return undefined;
  if (code === Code.Close) return String(error);
  return `${code === Code.End ? 'session ended' : 'link detached'}: ${String(error)}`;
}

/** Its place in the list of a detach frame, behind handle and closed. */
const detachError = 2;

/** The leading simple values of a list; undefined for null. Ends at the first value of another kind. */
function listFields(bytes: Uint8Array, at: number, end: number): Value[] {
  const fields: Value[] = [];
  let next = at + (bytes[at] === 0xc0 ? 3 : 9);
  while (fields.length < openFields.length && next < end) {
    const type = bytes[next]!;
    const [value, length] = simpleValue(bytes, next + 1, end, type);
    if (length < 0) break;
    fields.push(value);
    next += 1 + length;
  }
  return fields;
}

/** Value and length; the length is -1 for a type that is not simple, or does not fit. */
function simpleValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  type: number,
): readonly [Value, number] {
  const has = (length: number) => at + length <= end;
  switch (type) {
    case 0x40:
      return [undefined, 0];
    case 0x41:
      return [true, 0];
    case 0x42:
      return [false, 0];
    case 0x43:
      return [0, 0];
    case 0x50:
    case 0x52:
      return has(1) ? [bytes[at]!, 1] : [undefined, -1];
    case 0x60:
      return has(2) ? [(bytes[at]! << 8) | bytes[at + 1]!, 2] : [undefined, -1];
    case 0x70:
      return has(4) ? [u32At(bytes, at), 4] : [undefined, -1];
    case 0xa1:
    case 0xa3:
      return has(1) ? text(bytes, at + 1, bytes[at]!, end, 1) : [undefined, -1];
    case 0xb1:
    case 0xb3:
      return has(4) ? text(bytes, at + 4, u32At(bytes, at), end, 4) : [undefined, -1];
    case 0:
      return described(bytes, at, end);
    default:
      return [undefined, -1];
  }
}

function text(
  bytes: Uint8Array,
  at: number,
  length: number,
  end: number,
  head: number,
): readonly [Value, number] {
  if (at + length > end) return [undefined, -1];
  return [Buffer.from(bytes.subarray(at, at + length)).toString('utf8'), head + length];
}

/** The error of a close: `53 1d` and a list of condition and description. */
function described(bytes: Uint8Array, at: number, end: number): readonly [Value, number] {
  const isError = bytes[at] === 0x53 && bytes[at + 1] === 0x1d;
  const known = isError && (bytes[at + 2] === 0xc0 || bytes[at + 2] === 0xd0);
  if (!known) return [undefined, -1];
  const [condition, description] = listFields(bytes, at + 2, end);
  const words = [condition, description].filter((each) => typeof each === 'string');
  return [words.join(': '), end - at];
}
