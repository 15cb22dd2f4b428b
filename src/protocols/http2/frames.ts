/**
 * Frames of HTTP/2 (RFC 9113, 4.1):
 *
 *   u24 length · u8 type · u8 flags · u1 reserved, u31 stream · payload
 */
import type { Window } from '../../dissect/contract.ts';

export const frameHeaderBytes = 9;
export const preface = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const Frame = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  ResetStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
  /** RFC 7838, RFC 8336, RFC 9218: seen between real ends. */
  AltSvc: 10,
  Origin: 12,
  PriorityUpdate: 16,
} as const;

export const Flag = { EndStream: 1, Ack: 1, EndHeaders: 4, Padded: 8, Priority: 0x20 } as const;

/** Flags that each type may have; others are ignored by receivers and absent in practice. */
const knownFlags: Readonly<Record<number, number>> = {
  [Frame.Data]: 0x09,
  [Frame.Headers]: 0x2d,
  [Frame.Priority]: 0,
  [Frame.ResetStream]: 0,
  [Frame.Settings]: 1,
  [Frame.PushPromise]: 0x0c,
  [Frame.Ping]: 1,
  [Frame.GoAway]: 0,
  [Frame.WindowUpdate]: 0,
  [Frame.Continuation]: 4,
};
/** Exact lengths of the types that have one. */
const exactLength: Readonly<Record<number, number>> = {
  [Frame.Priority]: 5,
  [Frame.ResetStream]: 4,
  [Frame.Ping]: 8,
  [Frame.WindowUpdate]: 4,
};
/** What ends may send without asking (RFC 9113, 4.2); larger ones are rare and no start of anything. */
const usualFrameBytes = 16384;
const maxSettingsBytes = 6 * 64;
const maxGoAwayBytes = 1024;

function u24(window: Window, at: number): number {
  return (window.u8(at) << 16) | window.u16(at + 1);
}

/** Length of the frame whose header stands at `at` when it is one that could be, else -1. */
export function plausibleFrame(window: Window, at: number): number {
  const length = u24(window, at);
  const type = window.u8(at + 3);
  const flags = window.u8(at + 4);
  const stream = window.i32(at + 5);
  const allowed = knownFlags[type];
  if (allowed === undefined || length > usualFrameBytes || (flags & ~allowed) !== 0) return -1;
  if (stream < 0) return -1;
  const exact = exactLength[type];
  if (exact !== undefined && length !== exact) return -1;
  const ofConnection = type === Frame.Settings || type === Frame.Ping || type === Frame.GoAway;
  if (type !== Frame.WindowUpdate && ofConnection !== (stream === 0)) return -1;
  if (type === Frame.Settings && !plausibleSettings(window, at, length, flags)) return -1;
  if (type === Frame.GoAway && (length < 8 || length > maxGoAwayBytes)) return -1;
  if (type === Frame.Headers && length === 0) return -1;
  return length;
}

function plausibleSettings(window: Window, at: number, length: number, flags: number): boolean {
  if (length % 6 !== 0 || length > maxSettingsBytes) return false;
  if ((flags & Flag.Ack) !== 0) return length === 0;
  for (let i = at + frameHeaderBytes; i + 6 <= at + frameHeaderBytes + length; i += 6) {
    if (i + 2 > window.length) return true;
    const id = window.u16(i);
    // Registered settings, and GREASE (RFC 8701 style 0x?a?a).
    if ((id === 0 || id > 0x10) && (id & 0x0f0f) !== 0x0a0a) return false;
  }
  return true;
}

/** What a walk over frames found. */
export interface Walk {
  /** Whole frames that could be. */
  frames: number;
  /** The last one ends with the window. */
  exact: boolean;
  valid: boolean;
}

const walk: Walk = { frames: 0, exact: false, valid: true };
const maxWalk = 8;

/** Walks over the frames from `at`; the answer is good until the next call. */
export function walkFrames(window: Window, from: number): Walk {
  let at = from;
  walk.frames = 0;
  walk.exact = false;
  walk.valid = true;
  while (walk.frames < maxWalk) {
    if (at === window.length) {
      walk.exact = true;
      return walk;
    }
    if (at + frameHeaderBytes > window.length) return walk;
    const length = plausibleFrame(window, at);
    if (length < 0) {
      walk.valid = false;
      return walk;
    }
    if (at + frameHeaderBytes + length > window.length) return walk;
    at += frameHeaderBytes + length;
    walk.frames++;
  }
  return walk;
}
