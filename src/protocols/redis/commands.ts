/**
 * The commands of Redis, out of `commands.json` (made by `npm run generate:redis`). A line of it:
 *
 *   NAME[ SUBCOMMAND] | arity | group | key positions | option words
 *
 * arity counts the name too, negative: at least that many. Key positions are joined by `;`, each
 *
 *   iN+...          from word N (the name is word 0)
 *   kWORD:N+...     behind WORD, looked for from word N on (negative: backwards from the end)
 *   ...rLAST,STEP,LIMIT    keys to word LAST (negative: from the end, then LIMIT divides what is left)
 *   ...nAT,FIRST,STEP      as many keys as the number there says
 */
import { SharedText } from '../../dissect/shared-text.ts';
import data from './commands.json' with { type: 'json' };

export interface KeySpec {
  /** Word position, or where the search for `keyword` begins. */
  readonly from: number;
  readonly keyword: string | undefined;
  /** Position of the number of keys from the beginning of this spec; -1: the keys are a range. */
  readonly numberAt: number;
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly limit: number;
}

/** Commands that change how the connection goes on, or whose words or answers are special. */
export const Special = {
  None: 0,
  Multi: 1,
  Exec: 2,
  Discard: 3,
  Reset: 4,
  Reply: 5,
  /** All that subscribe or unsubscribe; they are answered once per channel. */
  Subscribe: 6,
  Monitor: 7,
  Sync: 8,
  Hello: 9,
  Auth: 10,
  AclUser: 11,
  ConfigSet: 12,
  ConfigGet: 13,
  Migrate: 14,
  /** Answers that hold secrets: hashes of passwords. */
  AclHashes: 15,
  AclMadePassword: 16,
  ReplicationState: 17,
  SentinelSet: 18,
} as const;
export type Special = (typeof Special)[keyof typeof Special];

export interface Command {
  /** `SET`, `CLIENT SETNAME`. */
  readonly name: string;
  readonly rowText: SharedText;
  readonly arity: number;
  readonly group: string;
  readonly keys: readonly KeySpec[];
  readonly options: ReadonlySet<string>;
  readonly special: Special;
  /** The second word names a subcommand. */
  readonly container: boolean;
}

const specials: Readonly<Record<string, Special>> = {
  MULTI: Special.Multi,
  EXEC: Special.Exec,
  DISCARD: Special.Discard,
  RESET: Special.Reset,
  'CLIENT REPLY': Special.Reply,
  SUBSCRIBE: Special.Subscribe,
  PSUBSCRIBE: Special.Subscribe,
  SSUBSCRIBE: Special.Subscribe,
  UNSUBSCRIBE: Special.Subscribe,
  PUNSUBSCRIBE: Special.Subscribe,
  SUNSUBSCRIBE: Special.Subscribe,
  MONITOR: Special.Monitor,
  SYNC: Special.Sync,
  PSYNC: Special.Sync,
  REPLCONF: Special.ReplicationState,
  HELLO: Special.Hello,
  AUTH: Special.Auth,
  'ACL SETUSER': Special.AclUser,
  'ACL LIST': Special.AclHashes,
  'ACL GETUSER': Special.AclHashes,
  'ACL GENPASS': Special.AclMadePassword,
  'CONFIG SET': Special.ConfigSet,
  'CONFIG GET': Special.ConfigGet,
  MIGRATE: Special.Migrate,
  'SENTINEL SET': Special.SentinelSet,
  'SENTINEL CONFIG': Special.SentinelSet,
};

function keySpec(text: string): KeySpec {
  const [where = '', how = ''] = text.split('+');
  const [word, start] = where.slice(1).split(':');
  const numbers = how.slice(1).split(',').map(Number);
  const counted = how.startsWith('n');
  return {
    from: Number(where.startsWith('k') ? start : word),
    keyword: where.startsWith('k') ? word : undefined,
    numberAt: counted ? numbers[0]! : -1,
    first: counted ? numbers[1]! : 0,
    last: counted ? 0 : numbers[0]!,
    step: counted ? numbers[2]! : numbers[1]!,
    limit: counted ? 0 : numbers[2]!,
  };
}

function command(line: string, containers: ReadonlySet<string>): Command {
  const [name = '', arity, group = '', keys = '-', options = '-'] = line.split('|');
  return {
    name,
    rowText: new SharedText(name),
    arity: Number(arity),
    group,
    keys: keys === '-' ? [] : keys.split(';').map(keySpec),
    options: new Set(options === '-' ? [] : options.split(',')),
    special: specials[name] ?? Special.None,
    container: containers.has(name),
  };
}

const lines: readonly string[] = data.commands;
const containers = new Set(
  lines.map((line) => line.slice(0, line.indexOf('|')).split(' ')).flatMap(containerOf),
);

function containerOf(words: readonly string[]): string[] {
  return words.length > 1 ? [words[0]!] : [];
}

export const commands: readonly Command[] = lines.map((line) => command(line, containers));

/** Longest name of a command, known or not, in bytes. */
export const maxNameBytes = 64;

/** Open addressing by a hash of the name in capitals. Four times as many slots as there are names. */
const slotCount = 2 ** Math.ceil(Math.log2(commands.length * 4));
const slots: (Command | undefined)[] = new Array(slotCount).fill(undefined);
const slotNames: Uint8Array[] = new Array(slotCount).fill(new Uint8Array(0));
const space = 0x20;

function mixed(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function capital(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (slotCount - 1);
}

for (const each of commands) {
  const name = new TextEncoder().encode(each.name);
  let at = slotOf(name.reduce(mixed, 0));
  while (slots[at] !== undefined) at = (at + 1) & (slotCount - 1);
  slots[at] = each;
  slotNames[at] = name;
}

/**
 * Slots of the names found last, by their length and last letter, or -1: most commands are few, and a
 * name is compared with one faster than it is hashed.
 */
const recent = new Int32Array(1024).fill(-1);

/** The command whose name is `bytes[from, to)` in any case, or undefined. */
export function findCommand(bytes: Uint8Array, from: number, to: number): Command | undefined {
  const place = (((to - from) & 31) << 5) | ((bytes[to - 1] ?? 0) & 31);
  const slot = recent[place]!;
  if (slot >= 0) {
    const name = slotNames[slot]!;
    if (name.length === to - from && isName(name, 0, bytes, from, to)) return slots[slot];
  }
  const found = find(bytes, from, to, 0, 0);
  if (found < 0) return undefined;
  recent[place] = found;
  return slots[found];
}

/** The subcommand whose words these are, or undefined. */
export function findSubcommand(
  bytes: Uint8Array,
  from: number,
  to: number,
  secondFrom: number,
  secondTo: number,
): Command | undefined {
  const found = find(bytes, from, to, secondFrom, secondTo);
  return found < 0 ? undefined : slots[found];
}

/** The slot of a name, or -1. */
function find(
  bytes: Uint8Array,
  from: number,
  to: number,
  secondFrom: number,
  secondTo: number,
): number {
  const second = secondTo - secondFrom;
  const length = to - from + (second > 0 ? second + 1 : 0);
  if (length > maxNameBytes) return -1;
  let hash = 0;
  for (let i = from; i < to; i++) hash = mixed(hash, capital(bytes[i]!));
  if (second > 0) {
    hash = mixed(hash, space);
    for (let i = secondFrom; i < secondTo; i++) hash = mixed(hash, capital(bytes[i]!));
  }
  for (let at = slotOf(hash); slots[at] !== undefined; at = (at + 1) & (slotCount - 1)) {
    const name = slotNames[at]!;
    if (name.length !== length || !isName(name, 0, bytes, from, to)) continue;
    if (second === 0 || isName(name, to - from + 1, bytes, secondFrom, secondTo)) return at;
  }
  return -1;
}

function isName(
  name: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let i = from; i < to; i++) if (name[at + i - from] !== capital(bytes[i]!)) return false;
  return true;
}

const byName = new Map(commands.map((each) => [each.name, each]));

/** The command of these words, its subcommand when there is one. */
export function commandNamed(first: string, second: string | undefined): Command | undefined {
  const name = first.toUpperCase();
  const sub = second === undefined ? undefined : byName.get(`${name} ${second.toUpperCase()}`);
  return sub ?? byName.get(name);
}

/** Whether so many words, the name among them, may be this command. */
export function fitsArity({ arity }: Command, words: number): boolean {
  return arity > 0 ? words === arity : words >= -arity;
}
