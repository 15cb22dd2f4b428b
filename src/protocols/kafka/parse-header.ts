/**
 * The beginning of a message, and whether bytes can be one.
 *
 *   request:  i32 size · i16 api key · i16 api version · i32 correlation id · [i16 length · client id] · body
 *   response: i32 size · i32 correlation id · body
 *
 * size counts what is behind it. ControlledShutdown 0 has no client id.
 */
import { Verdict } from '../../dissect/contract.ts';
import { requestPlan } from './parse-plan.ts';
import { Ending, seen, skim } from './parse-skim.ts';
import { apiOf } from './schema.ts';

/** Size field, api key, version, correlation id, length of the client id. */
export const requestHeaderBytes = 14;
/** Size field and correlation id. */
export const responseHeaderBytes = 8;
/** Longest message that is believed; a broker refuses requests above 100 MiB. */
export const maxMessageBytes = 1 << 28;
/** The same of a message by which a connection is recognised. */
const maxFirstBytes = 1 << 24;
/** Numbers of APIs and versions that a request of a Kafka to come may have. */
const maxApiKey = 511;
const maxApiVersion = 63;
/** Longest client id that is believed. */
const maxClientIdBytes = 1024;

export const apiVersionsKey = 18;
const controlledShutdownKey = 7;

export function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Where the client id of the request at `at` ends; it begins 14 bytes behind `at`. */
export function clientIdEnd(bytes: Uint8Array, at: number): number {
  if (int16At(bytes, at + 4) === controlledShutdownKey && int16At(bytes, at + 6) === 0)
    return at + 12;
  const length = int16At(bytes, at + 12);
  return at + requestHeaderBytes + (length > 0 ? length : 0);
}

/** The 14 bytes at `at` can be the header of a request, of a known API or not. */
export function isRequestHeader(bytes: Uint8Array, at: number): boolean {
  const size = int32At(bytes, at);
  const key = int16At(bytes, at + 4);
  const version = int16At(bytes, at + 6);
  if (size < 8 || size > maxMessageBytes) return false;
  if (key < 0 || key > maxApiKey || version < 0 || version > maxApiVersion) return false;
  if (key === controlledShutdownKey && version === 0) return true;
  const length = int16At(bytes, at + 12);
  return size >= 10 && length >= -1 && length <= maxClientIdBytes && length + 10 <= size;
}

function isPrintable(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (bytes[i]! < 0x20 || bytes[i] === 0x7f) return false;
  }
  return true;
}

/**
 * Whether `[at, end)` begins with a request of an API and version that we know, as a `Verdict`: its body
 * must be as that version says, and end where its size says.
 */
export function verdictOfRequest(bytes: Uint8Array, at: number, end: number): number {
  const have = end - at;
  // The size is below 2^24, the API below 256, and its version too.
  if (have >= 1 && bytes[at] !== 0) return Verdict.No;
  if (have >= 5 && bytes[at + 4] !== 0) return Verdict.No;
  if (have >= 7 && bytes[at + 6] !== 0) return Verdict.No;
  if (have < requestHeaderBytes) return requestHeaderBytes;
  if (!isRequestHeader(bytes, at)) return Verdict.No;
  const size = int32At(bytes, at);
  const key = int16At(bytes, at + 4);
  const version = int16At(bytes, at + 6);
  const api = apiOf(key);
  if (api === undefined || size > maxFirstBytes) return Verdict.No;
  const total = 4 + size;
  const idEnd = clientIdEnd(bytes, at);
  if (!isPrintable(bytes, at + requestHeaderBytes, Math.min(idEnd, end))) return Verdict.No;
  const plan = requestPlan(key, version);
  if (plan === undefined) return newerApiVersions(key, version, idEnd - at, total);
  if (end < idEnd) return Math.min(total, idEnd - at);
  const messageEnd = Math.min(end, at + total);
  skim(plan, bytes, idEnd, messageEnd, false);
  if (have >= total) return seen.ending === Ending.Exact ? Verdict.Yes : Verdict.No;
  if (seen.ending !== Ending.Short) return Verdict.No;
  // The beginning of a long message: a name that can be read is what tells it from anything else.
  const named = idEnd - at > requestHeaderBytes || seen.topics > 0;
  if (!named && have >= unsureBytes) return Verdict.No;
  if (named) return have >= sureBytes ? Verdict.Yes : Math.min(total, sureBytes);
  // Each look begins anew: not at every byte.
  return Math.min(total, Math.max(sureBytes, 2 * have));
}

/** Bytes of a long message that must fit its layout. */
const sureBytes = 64;
/** So many bytes without a name are not waited upon any longer. */
const unsureBytes = 8192;

/** A client newer than our definitions asks for the versions in the newest version that it knows. */
function newerApiVersions(key: number, version: number, header: number, total: number): number {
  const newest = apiOf(key)?.newest ?? 0;
  const isLikely = key === apiVersionsKey && version > newest && version < newest + 8;
  return isLikely && header > requestHeaderBytes && total < 512 ? Verdict.Yes : Verdict.No;
}
