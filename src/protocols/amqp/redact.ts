/**
 * Secrets of the log-in: a frame with `[REDACTED]` in their place, all lengths made right, so that it
 * decodes like any other.
 */
import type { Message } from '../../dissect/contract.ts';
import { ClassId, type Method } from './methods.ts';
import { type Spans, u32At } from './wire.ts';

const replacement = Buffer.from('[REDACTED]', 'latin1');
const frameSizeAt = 3;

/** Index of the field with the secret, by method id of the class connection. */
const secretFields: Readonly<Record<number, number>> = { 11: 2, 21: 0, 70: 0 };
const mechanismField = 1;
const startOk = 11;

export function hasSecret(method: Method): boolean {
  return method.classId === ClassId.Connection && method.id in secretFields;
}

/**
 * Makes `message` the redacted form of the frame `bytes[start, start + total)` whose arguments are in
 * `spans`.
 */
export function redactMethod(
  message: Message,
  method: Method,
  bytes: Uint8Array,
  start: number,
  total: number,
  spans: Spans,
): void {
  const field = secretFields[method.id]!;
  const frame = bytes.slice(start, start + total);
  const from = spans.from[field]! - start;
  const to = spans.to[field]! - start;
  if (from === to) return;
  const mechanism =
    method.id === startOk
      ? latin1(bytes, spans.from[mechanismField]!, spans.to[mechanismField]!)
      : '';
  const secret = secretWithin(mechanism, frame, from, to);
  replace(message, frame, secret);
}

interface Secret {
  readonly from: number;
  readonly to: number;
  /** Offsets of the u32 lengths that count it. */
  readonly lengths: readonly number[];
}

function secretWithin(mechanism: string, frame: Uint8Array, from: number, to: number): Secret {
  const lengths = [frameSizeAt, from - 4];
  const whole = { from, to, lengths };
  if (mechanism === 'PLAIN') {
    // RFC 4616: authorization identity NUL user NUL password.
    const first = frame.indexOf(0, from);
    const second = first < 0 ? -1 : frame.indexOf(0, first + 1);
    return second < 0 || second >= to ? whole : { from: second + 1, to, lengths };
  }
  return mechanism === 'AMQPLAIN' ? (passwordWithin(frame, from, to, lengths) ?? whole) : whole;
}

/** AMQPLAIN: the entries of a table, `LOGIN` and `PASSWORD`, long strings both. */
function passwordWithin(
  frame: Uint8Array,
  from: number,
  to: number,
  lengths: readonly number[],
): Secret | undefined {
  for (let at = from; at + 6 <= to; ) {
    const nameTo = at + 1 + frame[at]!;
    if (nameTo + 5 > to || frame[nameTo] !== 0x53) return undefined;
    const valueFrom = nameTo + 5;
    const valueTo = valueFrom + u32At(frame, nameTo + 1);
    if (valueTo > to) return undefined;
    if (latin1(frame, at + 1, nameTo).toUpperCase() === 'PASSWORD') {
      return { from: valueFrom, to: valueTo, lengths: [...lengths, nameTo + 1] };
    }
    at = valueTo;
  }
  return undefined;
}

function replace(message: Message, frame: Uint8Array, { from, to, lengths }: Secret): void {
  const grown = replacement.length - (to - from);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  for (const at of lengths) view.setUint32(at, view.getUint32(at) + grown);
  message.source = Buffer.concat([frame.subarray(0, from), replacement, frame.subarray(to)]);
  message.to = message.source.length;
  // These bytes already say so; this marks the entry.
  message.redact(from, from + replacement.length);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
