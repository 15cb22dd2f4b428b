/** Headers of a call → what the program on the other side sees of them. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import type { FieldLine } from '../http/decode-head.ts';

/** Headers that belong to the protocol, not to the program. */
const reserved = new Set([
  'te',
  'content-type',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'user-agent',
  'host',
  'connection',
  'transfer-encoding',
  'date',
  'trailer',
  'keep-alive',
  'vary',
  'x-grpc-web',
  'x-user-agent',
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-timeout',
  'connect-protocol-version',
  'connect-timeout-ms',
  'connect-content-encoding',
  'connect-accept-encoding',
]);

/** Metadata by name; binary values decoded, repeats as lists. `without`: names that begin so are not. */
export function metadataOf(fields: readonly FieldLine[], without = ':'): ValueMap {
  const map: ValueMap = {};
  for (const { lower, value } of fields) {
    if (lower.startsWith(':') || reserved.has(lower) || lower === '__proto__') continue;
    if (lower.startsWith(without)) continue;
    const values = lower.endsWith('-bin') ? value.split(',').map(binaryText) : [value];
    for (const each of values) add(map, lower, each);
  }
  return map;
}

function add(map: ValueMap, name: string, value: Value): void {
  const known = Object.hasOwn(map, name) ? map[name] : undefined;
  if (known === undefined) map[name] = value;
  else if (Array.isArray(known)) known.push(value);
  else map[name] = [known, value];
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** Base64 as gRPC sends it, padded or not → text when it is readable, else the base64. */
function binaryText(value: string): string {
  const bytes = Buffer.from(value.trim(), 'base64');
  if (value.trim() === '[REDACTED]' || bytes.some((byte) => byte < 32)) return value.trim();
  try {
    return strict.decode(bytes);
  } catch {
    return value.trim();
  }
}

const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** `100m` of grpc-timeout in ms; undefined when it is none. */
export function timeoutMs(value: string | undefined): number | undefined {
  const found = /^(\d{1,8})([HMSmun])$/.exec(value ?? '');
  return found === null ? undefined : Number(found[1]) * units[found[2]!]!;
}

/** grpc-message: percent-encoded UTF-8; what is damaged stays as it is. */
export function statusMessage(value: string): string {
  if (!value.includes('%')) return value;
  const raw = Buffer.from(value, 'utf8');
  const plain: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    const hex = raw[i] === 0x25 ? raw.toString('latin1', i + 1, i + 3) : '';
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      plain.push(Number.parseInt(hex, 16));
      i += 2;
    } else plain.push(raw[i]!);
  }
  return Buffer.from(plain).toString('utf8');
}
