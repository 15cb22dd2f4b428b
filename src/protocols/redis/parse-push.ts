/**
 * What a server says unasked: messages of channels, invalidated keys, the lines of MONITOR.
 *
 *   *3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$2\r\nhi\r\n        RESP2; `>` in RESP3
 *   *4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\nch\r\n$2\r\nhi\r\n
 *   *3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n            confirms one channel
 *   >2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n
 *   +1700000000.123456 [0 127.0.0.1:5000] "get" "k"\r\n    a line of MONITOR
 */
import type { Message, Span, Window } from '../../dissect/contract.ts';
import { Part, type RedisState } from './state.ts';

/** `pushKind`; a positive number: not decided before so many bytes are there. */
export const PushKind = { Other: 0, Message: -1, Confirmation: -2 } as const;

const messages: readonly string[] = ['message', 'pmessage', 'smessage'];
const confirmations: readonly string[] = [
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
];
const longestName = 32;
/** Of a line of MONITOR that is shown in the row. */
const maxLineTarget = 512;
const space = 0x20;
const dollar = 0x24;
const cr = 13;

/** Where `stringAt` found its string. */
const found: Span = { from: 0, to: 0 };

/** Number of elements of the aggregate at the window's beginning; -1 when its head is not whole. */
function elements(window: Window): number {
  let value = 0;
  for (let i = 1; i < Math.min(window.length, 12); i++) {
    const byte = window.u8(i);
    if (byte === cr) return value;
    value = value * 10 + byte - 48;
  }
  return -1;
}

/** Sets `found` to the string whose head begins at `at`. False when it is none, or not all of it is here. */
function stringAt(window: Window, at: number): boolean {
  if (at >= window.length || window.u8(at) !== dollar) return false;
  let length = 0;
  let i = at + 1;
  for (; i < window.length; i++) {
    const digit = window.u8(i) - 48;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  if (i >= window.length || window.u8(i) !== cr) return false;
  found.from = i + 2;
  found.to = i + 2 + length;
  return found.to <= window.length;
}

/** Offset of the first element. */
function firstElement(window: Window): number {
  const newline = window.indexOf(10, 0);
  return newline < 0 ? window.length : newline + 1;
}

/** The word that begins the array in the window; empty when it is no string or not here yet. */
export function pushName(window: Window): string {
  if (!stringAt(window, firstElement(window)) || found.to - found.from > longestName) return '';
  return window.latin1(found.from, found.to);
}

/** What an array seems to be; the caller knows whether it may be one. */
export function pushKind(window: Window): number {
  const count = elements(window);
  if (count < 0) return window.length > 11 ? PushKind.Other : window.length + 1;
  if (window.u8(0) === 0x2a && count !== 3 && count !== 4) return PushKind.Other;
  const first = firstElement(window);
  if (first < window.length && window.u8(first) !== dollar) return PushKind.Other;
  const name = pushName(window);
  if (name === '') {
    // The head of the name is here, or the name itself is not.
    const enough = window.length >= first + 4 + longestName;
    return enough || nameLength(window, first) > longestName ? PushKind.Other : window.length + 1;
  }
  if (messages.includes(name)) return PushKind.Message;
  return confirmations.includes(name) ? PushKind.Confirmation : PushKind.Other;
}

/** `+1700000000.123456 [` */
const lineHead = '+dddddddddd.dddddd [';

/** Whether the line in the window is one of MONITOR: a `PushKind`. */
export function monitorKind(window: Window): number {
  for (let i = 0; i < lineHead.length; i++) {
    if (i >= window.length) return i + 1;
    const byte = window.u8(i);
    const fits =
      lineHead[i] === 'd' ? byte >= 0x30 && byte <= 0x39 : byte === lineHead.charCodeAt(i);
    if (!fits) return PushKind.Other;
  }
  return PushKind.Message;
}

/** Length of the string that begins at `at` as far as its digits have come. */
function nameLength(window: Window, at: number): number {
  let length = 0;
  for (let i = at + 1; i < window.length && window.u8(i) !== cr; i++) {
    length = length * 10 + window.u8(i) - 48;
  }
  return length;
}

/** Sets the texts of a push that lies in the window. */
export function fillPush(window: Window, state: RedisState, message: Message, kept: number): void {
  if (state.part === Part.MonitorLine) {
    message.text(message.method, 'MONITOR');
    // The address of a client may have brackets of its own: `[0 [::1]:5000] "get"`.
    let close = window.indexOf(0x5d, 0);
    if (close > 0 && close + 1 < kept && window.u8(close + 1) !== space) {
      close = window.indexOf(0x5d, close + 1);
    }
    if (close > 0 && close + 2 < kept) {
      setSpan(message.target, close + 2, Math.min(kept - 2, close + 2 + maxLineTarget));
    }
    return;
  }
  const first = firstElement(window);
  const name = pushName(window);
  message.text(message.method, name.toUpperCase());
  if (name === '') return;
  let at = found.to + 2;
  if (at === first) return;
  if (name === 'pmessage' && stringAt(window, at)) at = found.to + 2;
  if (name === 'invalidate' && at < window.length && window.u8(at) === 0x2a) {
    setKeys(window, message, at);
    return;
  }
  if (stringAt(window, at)) setSpan(message.target, found.from, found.to);
}

function setSpan(span: Span, from: number, to: number): void {
  span.from = from;
  span.to = Math.max(from, to);
}

/** The first of the invalidated keys, and how many more there are. */
function setKeys(window: Window, message: Message, at: number): void {
  const newline = window.indexOf(10, at);
  if (newline < 0 || !stringAt(window, newline + 1)) return;
  const count = Number(window.latin1(at + 1, newline - 1));
  if (count === 1) setSpan(message.target, found.from, found.to);
  else {
    const key = Buffer.from(window.view(found.from, Math.min(found.to, found.from + 512)));
    message.text(message.target, `${key.toString('utf8')} +${count - 1}`);
  }
}
