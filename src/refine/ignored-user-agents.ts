/** Calls of health checks and crawlers, which nobody wants to see: known by their User-Agent. */
import type { Protocol, Value } from '../dissect/contract.ts';
import { type Batch, payloadAt } from '../ship/batch.ts';
import type { Rule } from './refiner.ts';

export type ProtocolByCode = (code: number) => Protocol | undefined;

/** Of a request: its head lies in it, whatever the version of HTTP. */
const lookedAtBytes = 32 << 10;
const header = 'user-agent';

/** `texts` are not empty. */
export function userAgentRule(texts: readonly string[], protocolByCode: ProtocolByCode): Rule {
  const wanted = texts.map((text) => text.toLowerCase());
  // Bytes as they lie in the payload: UTF-8, a character each.
  const inBytes = wanted.map((text) => Buffer.from(text).toString('latin1'));
  return (batch, row) => {
    const { requestOffset, requestLength, protocol } = batch.columns;
    const request = payloadAt(batch, requestOffset[row]!, requestLength[row]!);
    if (request === undefined) return false;
    // Decoding is for the few rows that have such a text anywhere in their head.
    const head = textOf(request);
    if (!inBytes.some((text) => head.includes(text))) return false;
    const agent = userAgent(batch, row, request, protocolByCode(protocol[row]!));
    return agent !== undefined && wanted.some((text) => agent.includes(text));
  };
}

/** Lower case, as far as ASCII goes. */
function textOf(request: Uint8Array): string {
  const { buffer, byteOffset, length } = request;
  const bytes = Buffer.from(buffer, byteOffset, Math.min(length, lookedAtBytes));
  return bytes.toString('latin1').replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Lower case; undefined for requests that have none, which are all but those of HTTP. */
function userAgent(
  batch: Batch,
  row: number,
  request: Uint8Array,
  protocol: Protocol | undefined,
): string | undefined {
  if (protocol === undefined) return undefined;
  const { incomplete, version, requestSize } = batch.columns;
  let value: Value;
  try {
    value = protocol.decode({
      version: version[row]!,
      request,
      response: undefined,
      incomplete: incomplete[row]!,
      requestSize: requestSize[row]!,
      responseSize: 0,
    }).request?.['headers'];
  } catch {
    // `decode` promises not to throw; what cannot be decoded is kept.
    return undefined;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const found = Object.entries(value).find(([name]) => name.toLowerCase() === header)?.[1];
  return found === undefined ? undefined : String(found).toLowerCase();
}
