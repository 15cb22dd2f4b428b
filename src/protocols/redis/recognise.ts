/**
 * Whether bytes are Redis. Arrays of strings with a command in front are requests; a line alone is
 * not, since others say PING, GET and QUIT as well: it waits for an answer that only Redis gives.
 */
import { type Side, Verdict, type Window } from '../../dissect/contract.ts';
import { findByte } from '../../dissect/find-byte.ts';
import { type Command, findCommand, findSubcommand, fitsArity } from './commands.ts';
import { cr, lf, Scan, scan } from './parse-value.ts';
import { readHead, readWords, splitLine, words } from './parse-words.ts';
import { RedisState } from './state.ts';

/** Bytes by which it is decided at last. */
const longestWait = 4096;
/** Larger arrays, longer names at the beginning of a connection are not believed. */
const maxRecognisedWords = 2 ** 20;
const maxRecognisedName = 64;
const star = 0x2a;

/** Groups whose names of commands are no words of other protocols or languages. */
const tellingGroups: ReadonlySet<string> = new Set([
  'hash',
  'list',
  'sorted-set',
  'stream',
  'geo',
  'hyperloglog',
  'bitmap',
  'set',
]);

/** Of lines together. */
const tellingWeight = 8;

/** See `Parser.recognise`. */
export function recognise(window: Window, side: Side): number {
  const { bytes, start, end } = window;
  const first = bytes[start]!;
  if (side === 'client') {
    if (first === star) return recogniseArray(bytes, start, end);
    return isLetter(first) ? recogniseLine(window) : Verdict.No;
  }
  return isType(first) ? recogniseReplies(bytes, start, end) : Verdict.No;
}

function waitFor(bytes: number): number {
  return bytes > longestWait ? Verdict.No : bytes;
}

/** A command: known, of a module (`JSON.GET`), or one that only the answer will tell. */
function recogniseArray(bytes: Uint8Array, start: number, end: number): number {
  const count = readHead(bytes, start, end);
  if (count === -2) return end - start < 12 ? waitFor(end - start + 1) : Verdict.No;
  if (count <= 0 || count > maxRecognisedWords) return Verdict.No;
  const next = readWords(bytes, end);
  if (next === Scan.Broken) return Verdict.No;
  const nameWhole = words.known > 0 && (words.to[0]! < end || next > 0);
  if (words.known > 0 && !isName(bytes, words.from[0]!, words.to[0]!)) return Verdict.No;
  if (!nameWhole) return waitFor(end - start + 1);
  const command = findCommand(bytes, words.from[0]!, words.to[0]!);
  if (command !== undefined) return fitsArity(command, count) ? Verdict.Yes : Verdict.No;
  if (isModuleName(bytes, words.from[0]!, words.to[0]!)) return Verdict.Yes;
  return waitFor(end - start + 1);
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

function isName(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > maxRecognisedName) return false;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    const other = byte === 0x2e || byte === 0x5f || byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
    if (!isLetter(byte) && !(other && i > from)) return false;
  }
  return true;
}

/** Capitals or small letters around a dot. */
function isModuleName(bytes: Uint8Array, from: number, to: number): boolean {
  return /^([A-Z]{2,12}\.[A-Z_]{2,24}|[a-z]{2,12}\.[a-z_]{2,24})$/.test(
    String.fromCharCode(...bytes.subarray(from, to)),
  );
}

/** Lines of text whose first words are commands. */
function recogniseLine(window: Window): number {
  const { bytes, start, end } = window;
  let at = start;
  let weight = 0;
  while (at < end) {
    if (bytes[at] === star && at > start) {
      // `redis-cli --pipe` puts an array behind the lines of its input. These may have been answered
      // already: it is the answer that tells, so that all is read in the order in which it was said.
      const verdict = recogniseArray(bytes, at, end);
      return verdict === Verdict.No ? verdict : waitFor(end - start + 1);
    }
    const newline = findByte(bytes, lf, at, end);
    const to = newline < 0 ? end : newline;
    if (to === at || (to === at + 1 && to < end && bytes[at] === cr)) {
      at = to + 1;
      continue;
    }
    if (!isPlainText(bytes, at, to)) return Verdict.No;
    const whole = to < end;
    if (!whole && end - at < maxRecognisedName) break;
    const command = commandOfLine(bytes, at, to);
    if (command === undefined) return Verdict.No;
    if (whole) weight += weightOf(command, bytes[to - 1] === cr);
    at = to + 1;
  }
  return weight >= tellingWeight ? Verdict.Yes : waitFor(end - start + 1);
}

/** What the command in `words` says about the protocol: names that only Redis has, `SET key value`. */
function weightOf(command: Command, hasReturn: boolean): number {
  if (hasReturn && tellingGroups.has(command.group)) return tellingWeight;
  return command.name === 'SET' && words.total === 3 ? 1 : 0;
}

function isPlainText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if ((bytes[i]! < 0x20 && bytes[i] !== cr) || bytes[i]! > 0x7e) return false;
  }
  return true;
}

function commandOfLine(bytes: Uint8Array, from: number, to: number): Command | undefined {
  if (!splitLine(bytes, from, bytes[to - 1] === cr ? to - 1 : to)) return undefined;
  if (words.known === 0) return undefined;
  let command = findCommand(bytes, words.from[0]!, words.to[0]!);
  if (command?.container === true) {
    if (words.known < 2) return undefined;
    command = findSubcommand(bytes, words.from[0]!, words.to[0]!, words.from[1]!, words.to[1]!);
  }
  return command !== undefined && fitsArity(command, words.total) ? command : undefined;
}

/** `+ - : $ *` and what RESP3 adds. */
function isType(byte: number): boolean {
  return '+-:$*_,#(!=%~>|'.includes(String.fromCharCode(byte));
}

const scratch = new RedisState();

/** Values up to the first that only Redis says. */
function recogniseReplies(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    if (!isReplyStart(bytes, at, end)) return Verdict.No;
    scratch.next();
    scratch.need = scratch.values = 1;
    const next = scan(bytes, at, end, scratch);
    if (next === Scan.Broken) return Verdict.No;
    if (next === Scan.More) {
      if (bytes[at] === star && end - at > 64 && isNested(bytes, at, end)) return Verdict.Yes;
      return waitFor(Math.max(end - start + 1, at - start + Math.min(scratch.wanted, longestWait)));
    }
    if (isTelling(bytes, at, next)) return Verdict.Yes;
    at = next;
  }
  return waitFor(end - start + 1);
}

/** Several values lie in what has come of an array. */
function isNested(bytes: Uint8Array, at: number, end: number): boolean {
  const head = findByte(bytes, lf, at, end) + 1;
  return head > 0 && head < end && scratch.at > 32 && !isCommandArray(bytes, at, end);
}

/** An array of strings that is a request of a known command. */
export function isCommandArray(bytes: Uint8Array, at: number, end: number): boolean {
  const count = readHead(bytes, at, end);
  if (count <= 0) return false;
  const next = readWords(bytes, end);
  if (next === Scan.Broken || words.known === 0) return false;
  const command = findCommand(bytes, words.from[0]!, words.to[0]!);
  return command !== undefined && fitsArity(command, count);
}

/** Errors and states that are told in these words by Redis alone. */
const tellingLines =
  /^(\+(PONG|QUEUED|RESET|FULLRESYNC [0-9a-f]{40} \d+|\d{10}\.\d{6} \[\d+ \S+\] ".*)|-(MOVED|ASK) \d+ \S*:\d+|-(WRONGTYPE Operation against|NOAUTH Authentication|WRONGPASS |NOSCRIPT |LOADING Redis|BUSYGROUP |NOGROUP |EXECABORT |READONLY You|CLUSTERDOWN |CROSSSLOT |TRYAGAIN |MASTERDOWN |MISCONF Redis|NOPERM |UNKILLABLE |BUSY Redis|BUSYKEY )|-ERR (unknown (command|subcommand) .*, with args|wrong number of arguments for '))/;

function isTelling(bytes: Uint8Array, at: number, next: number): boolean {
  switch (bytes[at]) {
    case 0x2b:
    case 0x2d:
      return tellingLines.test(
        String.fromCharCode(...bytes.subarray(at, Math.min(next, at + 160))),
      );
    case 0x24:
    case 0x3d:
    case 0x21:
      return true;
    case star:
      return next - at > 4 && !isCommandArray(bytes, at, next);
    case 0x25:
    case 0x7e:
    case 0x3e:
    case 0x7c:
      return next - at > 4;
    default:
      // Numbers, null, truth, OK: others say these as well.
      return false;
  }
}

/** A value may begin here: its type, and what belongs to it up to the end of the line. */
export function isReplyStart(bytes: Uint8Array, at: number, end: number): boolean {
  const rest = String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 24)));
  return /^([+-]|[$*:,(=!%~>|]([-+]?[0-9]|$|\?|[-+]?inf|nan)|#[tf\r]|#$|_(\r|$)|[$*]-1)/.test(rest);
}

/** `+OK`, `$3`, `:1`, with the end of their line: no request begins like this. */
export function isReply(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]!;
  // + - $ : %
  const type =
    first === 0x2b || first === 0x2d || first === 0x24 || first === 0x3a || first === 0x25;
  if (!type) return false;
  return findByte(bytes, cr, at, end) > 0;
}

const pushStart =
  /^(\*3\r\n\$7\r\nmessage\r\n\$|\*4\r\n\$8\r\npmessage\r\n\$|\*3\r\n\$8\r\nsmessage\r\n\$|>[1-9]\r\n\$[0-9]{1,2}\r\n[a-z]|\+\d{10}\.\d{6} \[)/;

/** Bytes in which `isPushStart` can be told. */
export const pushStartBytes = 24;

/** A message of a channel, or a line of MONITOR, begins here. */
export function isPushStart(bytes: Uint8Array, at: number, end: number): boolean {
  return pushStart.test(String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 24))));
}
