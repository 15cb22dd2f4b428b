/**
 * Frames of AMQP 1.0 (ISO/IEC 19464, part 2.3):
 *
 *   u32 size, of all of it · u8 data offset in words, at least 2 · u8 type · u16 channel · body
 *
 * A body begins with a performative, a described list: `00 53 code` and then a list of its fields; an
 * empty body is a heartbeat.
 */

export const frameHeadBytes = 8;
/** Frames longer than this are not frames; most peers agree on far less. */
const maxFrameBytes = 64 << 20;
const leastOffset = 2;

/** By code; those of SASL are frames of their own type. */
export const performatives: Readonly<Record<number, string>> = {
  16: 'open',
  17: 'begin',
  18: 'attach',
  19: 'flow',
  20: 'transfer',
  21: 'disposition',
  22: 'detach',
  23: 'end',
  24: 'close',
  64: 'sasl-mechanisms',
  65: 'sasl-init',
  66: 'sasl-challenge',
  67: 'sasl-response',
  68: 'sasl-outcome',
};
export const Code = {
  /** A frame without a body. */
  Heartbeat: 0,
  Open: 0x10,
  Begin: 0x11,
  Transfer: 0x14,
  Detach: 0x16,
  End: 0x17,
  Close: 0x18,
  Mechanisms: 0x40,
  Init: 0x41,
  Challenge: 0x42,
  Response: 0x43,
  Outcome: 0x44,
} as const;

export const FrameResult = { No: -1, Incomplete: 0 } as const;

/** What `frameAt` found last. */
export const found = { code: 0, bodyAt: 0 };

export function u32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

/** Bytes that `frameAt` needs in front of a frame's body, with the longest list head. */
const bodyHeadBytes = 12;

/**
 * Length of the frame at `bytes[at]`, all of whose head fits; or a `FrameResult`. The rest of the frame
 * need not be here.
 */
export function frameAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < frameHeadBytes) return FrameResult.Incomplete;
  const size = u32At(bytes, at);
  const offset = bytes[at + 4]! * 4;
  const type = bytes[at + 5]!;
  if (bytes[at + 4]! < leastOffset || type > 1 || size < offset || size > maxFrameBytes) {
    return FrameResult.No;
  }
  if (size === offset) {
    // A heartbeat is of channel 0 and the shortest there is.
    const plain =
      size === frameHeadBytes && type === 0 && bytes[at + 6] === 0 && bytes[at + 7] === 0;
    found.code = Code.Heartbeat;
    return plain ? size : FrameResult.No;
  }
  const body = at + offset;
  if (end < body + Math.min(bodyHeadBytes, size - offset)) return FrameResult.Incomplete;
  return performativeAt(bytes, body, at + size, type) ? size : FrameResult.No;
}

function performativeAt(bytes: Uint8Array, body: number, frameEnd: number, type: number): boolean {
  if (frameEnd - body < 4 || bytes[body] !== 0 || bytes[body + 1] !== 0x53) return false;
  const code = bytes[body + 2]!;
  if (performatives[code] === undefined || code >= Code.Mechanisms !== (type === 1)) return false;
  found.code = code;
  found.bodyAt = body;
  const end = listEnd(bytes, body + 3, frameEnd);
  return code === Code.Transfer ? end <= frameEnd && end > 0 : end === frameEnd;
}

/** Where a list ends that begins at `at`; 0: it is none. */
export function listEnd(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]) {
    case 0x45:
      return at + 1;
    case 0xc0:
      return at + 2 <= end ? at + 2 + bytes[at + 1]! : 0;
    case 0xd0:
      return at + 5 <= end ? at + 5 + u32At(bytes, at + 1) : 0;
    default:
      return 0;
  }
}
