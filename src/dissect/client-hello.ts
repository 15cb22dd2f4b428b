/**
 * The name in a TLS ClientHello: all that an encrypted connection says of where it leads. RFC 8446
 * section 4.1.2, RFC 6066 section 3; numbers big-endian:
 *
 *   record      u8 22 · u16 version · u16 length
 *   handshake   u8 1 · u24 length · u16 version · 32 bytes random
 *               u8 length · session id    u16 length · cipher suites    u8 length · compressions
 *               u16 length · extensions, each u16 type · u16 length · content
 *   server_name u16 length of the list · u8 0 · u16 length · name
 */
import type { End } from '../reassemble/contract.ts';
import type { Window } from './contract.ts';
import type { Conversation } from './conversation.ts';

export type HearServerName = (conversation: Conversation, name: string, timeMs: number) => void;

const recordPrefix = 5;
const handshakeRecord = 22;
const clientHello = 1;
/** Record prefix, handshake prefix, version, random. */
const fixedBytes = recordPrefix + 4 + 2 + 32;
const serverNameExtension = 0;
/** Longest record that TLS allows. */
const maxRecordBytes = 1 << 14;
/** Extensions looked at; clients send about twenty. */
const maxExtensions = 100;
/** RFC 1035. */
const maxNameBytes = 253;

/** Bytes of the window that a ClientHello at its beginning takes, as far as is known; 0: there is none. */
function helloBytes(window: Window): number {
  if (window.length < recordPrefix + 1) {
    return window.length > 0 && window.u8(0) === handshakeRecord ? recordPrefix + 1 : 0;
  }
  const isHello =
    window.u8(0) === handshakeRecord &&
    window.u8(1) === 3 &&
    window.u8(recordPrefix) === clientHello;
  if (!isHello) return 0;
  const length = window.u8(3) * 256 + window.u8(4);
  return length > maxRecordBytes ? 0 : recordPrefix + length;
}

/** The server's name that a ClientHello asks for, as it stands there; undefined: none is there. */
function serverNameOf(window: Window): string | undefined {
  const end = Math.min(helloBytes(window), window.length);
  const u16 = (at: number) => window.u8(at) * 256 + window.u8(at + 1);
  let at = fixedBytes;
  if (at + 1 > end) return undefined;
  at += 1 + window.u8(at);
  if (at + 2 > end) return undefined;
  at += 2 + u16(at);
  if (at + 1 > end) return undefined;
  at += 1 + window.u8(at);
  // The length of all extensions: the record's end bounds them as well.
  at += 2;
  for (let extensions = 0; extensions < maxExtensions && at + 4 <= end; extensions++) {
    const type = u16(at);
    const length = u16(at + 2);
    at += 4;
    if (at + length > end) return undefined;
    if (type === serverNameExtension) return nameAt(window, at, at + length);
    at += length;
  }
  return undefined;
}

function nameAt(window: Window, from: number, end: number): string | undefined {
  if (from + 5 > end || window.u8(from + 2) !== 0) return undefined;
  const length = window.u8(from + 3) * 256 + window.u8(from + 4);
  if (length === 0 || length > maxNameBytes || from + 5 + length > end) return undefined;
  return window.latin1(from + 5, from + 5 + length);
}

/** Reads the first bytes of an end. False: a ClientHello has begun whose rest is worth waiting for. */
export function readHello(
  conversation: Conversation,
  from: End,
  hear: HearServerName | undefined,
): boolean {
  const { window, misses } = conversation.speakers[from];
  const bytes = hear === undefined || misses > 0 ? 0 : helloBytes(window);
  if (bytes === 0) return true;
  if (bytes > window.length && !window.ended) {
    window.needed = bytes;
    return false;
  }
  // Who sends it is the client, whether the handshake of TCP was seen or not.
  conversation.clientEnd = from;
  const name = serverNameOf(window);
  if (name !== undefined) hear?.(conversation, name, window.startTime());
  return true;
}
