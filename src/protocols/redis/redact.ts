/** Finds the bytes of secrets in requests and answers, for the driver to overwrite. */
import type { Message } from '../../dissect/contract.ts';
import { findByte } from '../../dissect/find-byte.ts';
import type { Command } from './commands.ts';
import { wordsOfLine } from './parse-words.ts';
import { hasSecrets, isSecretSetting, secretWords } from './secrets.ts';
import { Kind } from './state.ts';

/** Words of one request, values of one answer, among which secrets are looked for. */
const maxLookedAt = 65_536;
const maxNameLength = 40;
const dollar = 0x24;
const hashDigits = 64;
/** Of a password that ACL GENPASS has made, in hexadecimal digits. */
const shortestPassword = 8;

/** Spans of the strings of an array whose head was read: pairs of absolute offsets. */
function stringsOf(bytes: Uint8Array, start: number, end: number): number[] {
  const spans: number[] = [];
  let at = lineEnd(bytes, start, end);
  while (at < end && spans.length < 2 * maxLookedAt) {
    const next = lineEnd(bytes, at, end);
    if (bytes[at] === dollar) {
      const length = digits(bytes, at + 1, next - 2);
      if (length < 0) {
        spans.push(next, next);
        at = next;
        continue;
      }
      spans.push(next, Math.min(end, next + length));
      at = next + length + 2;
    } else {
      if (bytes[at] !== 0x2a && bytes[at] !== 0x25 && bytes[at] !== 0x7e) {
        spans.push(at + 1, Math.max(at + 1, next - 2));
      }
      at = next;
    }
  }
  return spans;
}

function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  const newline = findByte(bytes, 10, at, end);
  return newline < 0 ? end : newline + 1;
}

function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function capitals(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < Math.min(to, from + maxNameLength); i++) {
    text += String.fromCharCode(bytes[i]!);
  }
  return text.toUpperCase();
}

/** Secrets of the request in `words`, of which `kept` bytes are at `start`. */
export function redactWords(
  message: Message,
  command: Command,
  bytes: Uint8Array,
  start: number,
  kept: number,
): void {
  if (!hasSecrets(command)) return;
  const end = start + kept;
  const spans =
    bytes[start] === 0x2a ? stringsOf(bytes, start, end) : wordsOfLine(bytes, start, end);
  const count = spans.length / 2;
  const word = (at: number) =>
    at < count ? capitals(bytes, spans[2 * at]!, spans[2 * at + 1]!) : undefined;
  for (const at of secretWords(command, count, word)) {
    message.redact(spans[2 * at]! - start, spans[2 * at + 1]! - start);
  }
}

/** Secrets of an answer, `bytes[start, end)`, to a request of this kind; 0: the request is not known. */
export function redactAnswer(
  message: Message,
  kind: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const isPairs = kind === Kind.Settings || (kind === 0 && isList(bytes[start]!));
  if (isPairs) redactSettings(message, bytes, start, end);
  else if (kind === Kind.SecretExec) redactAll(message, bytes, start, end);
  else if (kind === Kind.Hashes) redactHashes(message, bytes, start, end);
  else if (kind === Kind.Password && bytes[start] === dollar) {
    const from = lineEnd(bytes, start, end);
    message.redact(from - start, Math.max(from, end - 2) - start);
  }
}

function isList(type: number): boolean {
  return type === 0x2a || type === 0x25;
}

/** Answers of all kinds, one within the other: settings, hashes, passwords that were made (hexadecimal). */
function redactAll(message: Message, bytes: Uint8Array, start: number, end: number): void {
  const spans = stringsOf(bytes, start, end);
  let isSecret = false;
  for (let i = 0; i < spans.length; i += 2) {
    const from = spans[i]!;
    const to = spans[i + 1]!;
    if (to > from && (isSecret || isMadePassword(bytes, from, to))) {
      message.redact(from - start, to - start);
    } else redactHashesIn(message, bytes, start, from, to);
    isSecret = isSecretSetting(capitals(bytes, from, to));
  }
}

function isMadePassword(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < shortestPassword) return false;
  for (let i = from; i < to; i++) if (!isHexadecimal(bytes[i]!)) return false;
  return true;
}

/** Names and values of settings, one behind the other, wherever they are. */
function redactSettings(message: Message, bytes: Uint8Array, start: number, end: number): void {
  const spans = stringsOf(bytes, start, end);
  for (let i = 0; i + 3 < spans.length; i += 2) {
    const from = spans[i + 2]!;
    const to = spans[i + 3]!;
    if (to > from && isSecretSetting(capitals(bytes, spans[i]!, spans[i + 1]!))) {
      message.redact(from - start, to - start);
    }
  }
}

/** `#` and the 64 digits of a SHA-256, or 64 digits alone as a whole string. */
function redactHashes(message: Message, bytes: Uint8Array, start: number, end: number): void {
  redactHashesIn(message, bytes, start, start, end);
}

function redactHashesIn(
  message: Message,
  bytes: Uint8Array,
  start: number,
  from: number,
  end: number,
): void {
  let digitsFrom = from;
  for (let i = from; i <= end; i++) {
    if (i < end && isHexadecimal(bytes[i]!)) continue;
    if (i - digitsFrom === hashDigits) message.redact(digitsFrom - start, i - start);
    digitsFrom = i + 1;
  }
}

function isHexadecimal(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}
