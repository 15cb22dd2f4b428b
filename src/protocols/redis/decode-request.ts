/** Kept bytes of a request → its words and what they are. */
import type { ValueMap } from '../../dissect/contract.ts';
import { type Command, commandNamed } from './commands.ts';
import { quoted, textOf } from './decode-text.ts';
import { ValueReader } from './decode-value.ts';
import { findKeys, type KeyRange, namesChannels, type Words } from './keys.ts';

/** Words of one command that are looked at. */
const maxWords = 65_536;
/** Commands queued in a transaction that are looked at. */
const maxCommands = 16_384;
/** Of a command in words, when it is shown in one line. */
const maxTypedLength = 4096;

export interface Request {
  readonly words: readonly Uint8Array[];
  readonly inline: boolean;
  readonly cut: boolean;
}

/** All commands in what was kept: of EXEC these are the ones queued before it, and itself. */
export function readRequests(bytes: Uint8Array): Request[] {
  const requests: Request[] = [];
  const reader = new ValueReader(bytes);
  while (reader.more && requests.length < maxCommands) {
    if (bytes[reader.at] === 0x2a) {
      const node = reader.read();
      if (node === undefined) break;
      const words = (node.items ?? []).map((item) => item.bytes ?? new Uint8Array(0));
      requests.push({ words, inline: false, cut: reader.cut });
    } else {
      const newline = bytes.indexOf(10, reader.at);
      const to = newline < 0 ? bytes.length : newline;
      const words = lineWords(Buffer.from(bytes.subarray(reader.at, to)).toString('latin1'));
      requests.push({ words, inline: true, cut: newline < 0 });
      reader.at = to + 1;
    }
  }
  return requests;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** Words of a line: quotes and escapes as Redis reads them. */
function lineWords(line: string): Uint8Array[] {
  const words: Uint8Array[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?|([^\s"']\S*))/y;
  for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
    if (words.length >= maxWords) break;
    const [, double, single, plain] = found;
    const text = double?.replace(/\\(x[0-9a-fA-F]{2}|.)/g, unescaped) ?? single ?? plain!;
    words.push(Buffer.from(single === undefined ? text : text.replaceAll("\\'", "'"), 'latin1'));
  }
  return words;
}

function unescaped(_all: string, what: string): string {
  if (what.length === 3) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
  return escapes[what] ?? what;
}

class TextWords implements Words {
  readonly texts: readonly string[];
  constructor(texts: readonly string[]) {
    this.texts = texts;
  }
  get total(): number {
    return this.texts.length;
  }
  get known(): number {
    return this.texts.length;
  }
  is(at: number, word: string): boolean {
    return this.texts[at]?.toUpperCase() === word;
  }
  number(at: number): number {
    const text = this.texts[at] ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : -1;
  }
}

/** A command with what its words are. */
export interface ReadCommand {
  /** In capitals, with the subcommand. */
  readonly name: string;
  readonly command: Command | undefined;
  /** All words behind the name of the command; a subcommand is the first of them. */
  readonly texts: readonly string[];
  /** Positions of keys among `texts`. */
  readonly keysAt: readonly number[];
  readonly typed: string;
}

export function readCommand(request: Request): ReadCommand {
  const texts = request.words.slice(0, maxWords).map(textOf);
  const [first = ''] = texts;
  const command = commandNamed(first, texts[1]);
  const name = command?.name ?? first.toUpperCase();
  return {
    name,
    command,
    texts: texts.slice(1),
    keysAt: keyPositions(command, new TextWords(texts)),
    typed: typed(request.words),
  };
}

/** As one would type it; the name as sent. */
function typed(words: readonly Uint8Array[]): string {
  let text = '';
  for (const word of words) {
    text += `${text === '' ? '' : ' '}${quoted(word)}`;
    if (text.length > maxTypedLength) return `${text.slice(0, maxTypedLength)}...`;
  }
  return text;
}

function keyPositions(command: Command | undefined, words: TextWords): number[] {
  if (command === undefined) return words.total > 1 ? [0] : [];
  const found = new Set<number>();
  const range: KeyRange = { first: 0, count: 0, step: 1 };
  for (const spec of command.keys) {
    findKeys(spec, words, range);
    for (let i = 0; i < range.count; i++) {
      const text = words.texts[range.first + i * range.step];
      if (text === undefined) break;
      // MIGRATE has an empty text in the place of its key when there are several.
      if (text !== '' || command.name !== 'MIGRATE') found.add(range.first + i * range.step - 1);
    }
  }
  return [...found].sort((one, other) => one - other);
}

/** The `request` of an entry. */
export function requestMap(request: Request, queued: readonly ReadCommand[]): ValueMap {
  const read = readCommand(request);
  const { name, command, texts, keysAt } = read;
  const hasSub = command?.name.includes(' ') === true;
  const keys = keysAt.map((at) => texts[at]!);
  const places = keys.length > 0 ? new Set(keysAt) : standIns(read);
  const rest = texts.filter((_, at) => !places.has(at) && !(hasSub && at === 0));
  const options = texts.filter((text, at) => !places.has(at) && isOption(command, text));
  const [firstPlace] = places;
  const { cut } = request;
  return {
    type: request.inline ? 'Inline' : 'Array',
    command: name,
    ...(hasSub && { subcommand: texts[0]!.toUpperCase() }),
    key: firstPlace === undefined ? '' : (texts[firstPlace] ?? ''),
    keys,
    value: rest.length === 1 ? rest[0]! : rest.length === 0 ? '' : `[${rest.join(', ')}]`,
    keyword: hasSub ? texts[0]!.toUpperCase() : (options[0]?.toUpperCase() ?? ''),
    ...(options.length > 0 && { options: options.map((option) => option.toUpperCase()) }),
    arguments: [...texts],
    typed: read.typed,
    ...(command !== undefined && { group: command.group }),
    ...(queued.length > 0 && { queued: queued.map(({ typed }) => typed) }),
    ...(cut && { cut }),
  };
}

/** What stands in the place of a key where there is none: a channel, a setting. */
function standIns({ command, texts }: ReadCommand): Set<number> {
  if (command === undefined || texts.length === 0) return new Set();
  if (command.keys.length > 0 && !/^(FCALL|EVALSHA)/.test(command.name)) return new Set();
  const first = command.name.includes(' ') ? 1 : 0;
  if (first >= texts.length) return new Set();
  if (!namesChannels(command)) return new Set([first]);
  return new Set(texts.map((_, at) => at).slice(first));
}

function isOption(command: Command | undefined, text: string): boolean {
  return command !== undefined && text.length < 32 && command.options.has(text.toUpperCase());
}
