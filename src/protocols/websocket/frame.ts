/**
 * Frames of WebSocket (RFC 6455, 5.2):
 *
 *   u1 fin · u3 reserved · u4 opcode
 *   u1 masked · u7 length, or 126 and u16, or 127 and u64
 *   [u32 masking key]
 *   payload
 */
import type { Window } from '../../dissect/contract.ts';

export const Opcode = {
  Continuation: 0,
  Text: 1,
  Binary: 2,
  Close: 8,
  Ping: 9,
  Pong: 10,
} as const;

export const opcodeNames: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** Longest payload of a control frame (5.5). */
const maxControlBytes = 125;
/** Longer ones are no mistake of the sender but of the reader, who has lost its place. */
const maxOddControlBytes = 4096;
/** Longest header. */
export const maxHeaderBytes = 14;

/** The last header read. */
export const header = {
  fin: false,
  /** RSV1: the message is compressed (RFC 7692). */
  compressed: false,
  opcode: 0,
  masked: false,
  /** Offset of the masking key. */
  keyAt: 0,
  /** Length of header and payload. */
  headerBytes: 0,
  payloadBytes: 0,
  /** A control frame longer than it may be, or a length that is not in its shortest form. */
  odd: false,
};

/** Reads the header at `at` into `header`. 0: done; more: bytes needed in the window; -1: no frame. */
export function readHeader(window: Window, at: number): number {
  const { length } = window;
  if (length < at + 2) return at + 2;
  const first = window.u8(at);
  const second = window.u8(at + 1);
  const opcode = first & 15;
  if (opcodeNames[opcode] === undefined || (first & 0x30) !== 0) return -1;
  const fin = first >= 0x80;
  const short = second & 0x7f;
  const isControl = opcode >= Opcode.Close;
  if (isControl && (!fin || (first & 0x40) !== 0)) return -1;
  const masked = second >= 0x80;
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  const keyAt = at + 2 + lengthBytes;
  const headerEnd = keyAt + (masked ? 4 : 0);
  if (length < headerEnd) return headerEnd;
  let payload = short;
  if (lengthBytes === 2) payload = window.u16(at + 2);
  else if (lengthBytes === 8) {
    const high = window.u32(at + 2);
    if (high > 0x1f_ffff) return -1;
    payload = high * 0x1_0000_0000 + window.u32(at + 6);
  }
  if (isControl && payload > maxOddControlBytes) return -1;
  header.fin = fin;
  header.compressed = (first & 0x40) !== 0;
  header.opcode = opcode;
  header.masked = masked;
  header.keyAt = keyAt;
  header.headerBytes = headerEnd - at;
  header.payloadBytes = payload;
  header.odd =
    (isControl && payload > maxControlBytes) ||
    (lengthBytes === 2 && payload < 126) ||
    (lengthBytes === 8 && payload < 0x1_0000);
  return 0;
}
