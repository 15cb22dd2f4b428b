/** Method and target of a row: the command, and its key or keys. */
import type { Message, Span } from '../../dissect/contract.ts';
import { type Command, maxNameBytes } from './commands.ts';
import { findKeys, type KeyRange, namesChannels } from './keys.ts';
import { words } from './parse-words.ts';

/** Of a key that is shown together with others. */
const maxKeyBytes = 512;
const decoder = new TextDecoder();
const range: KeyRange = { first: 0, count: 0, step: 1 };

/** The bytes as text; damaged UTF-8 is replaced. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7e) return decoder.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}

function isCapital(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x61 && byte <= 0x7a) return false;
  }
  return true;
}

/** The name in capitals, with the subcommand. */
export function setMethod(message: Message, command: Command | undefined, start: number): void {
  const { bytes } = words;
  const from = words.from[0]!;
  const to = Math.min(words.to[0]!, from + maxNameBytes);
  const long = command !== undefined && command.name.length !== to - from;
  if (!long && isCapital(bytes, from, to)) {
    message.method.from = from - start;
    message.method.to = to - start;
  } else if (command !== undefined) message.methodText = command.rowText;
  else message.text(message.method, textOf(bytes, from, to).toUpperCase());
}

/** The key, the first of several and how many more there are, or what stands in the place of one. */
export function setTarget(message: Message, command: Command | undefined, start: number): void {
  if (words.known < 2) return;
  if (command === undefined) {
    setWord(message.target, 1, start);
    return;
  }
  const { keys } = command;
  let first = 0;
  let count = 0;
  for (const spec of keys) {
    findKeys(spec, words, range);
    if (range.count === 0) continue;
    if (count === 0) first = range.first;
    count += range.count;
  }
  if (count === 0) {
    // A script is no name; functions and hashes are.
    if (keys.length > 0 && !/^(FCALL|EVALSHA)/.test(command.name)) return;
    first = command.name.includes(' ') ? 2 : 1;
    count = namesChannels(command) ? words.total - first : 1;
  }
  if (first >= words.known) return;
  if (count === 1) setWord(message.target, first, start);
  else {
    const from = words.from[first]!;
    const to = Math.min(words.to[first]!, from + maxKeyBytes);
    message.text(message.target, `${textOf(words.bytes, from, to)} +${count - 1}`);
  }
}

function setWord(span: Span, at: number, start: number): void {
  span.from = words.from[at]! - start;
  span.to = words.to[at]! - start;
}
