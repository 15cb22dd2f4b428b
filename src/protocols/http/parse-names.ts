/**
 * What the hot half does about a header, decided from its name by an automaton, which costs about 3 ns
 * a byte; `parse-seen-lines.ts` remembers its verdicts. The automaton is the product of two: a trie of
 * the names that are known exactly, and one that finds any of the words of secrets anywhere in the name,
 * with `-` and `_` left out.
 */
import { tokenByte } from './parse-bytes.ts';

/** Headers whose values are read while capturing. */
export const Field = {
  None: 0,
  ContentLength: 1,
  TransferEncoding: 2,
  ContentType: 3,
  Host: 4,
  Upgrade: 5,
  TraceParent: 6,
  B3TraceId: 7,
  B3: 8,
  UberTraceId: 9,
  ConnectVersion: 10,
} as const;

/** Set in an action beside `Field` when the value is to be redacted. */
export const sensitive = 16;
/** Set in an action when the name has bytes that no name may have, or none at all. */
export const invalid = 32;

const readNames: Readonly<Record<string, number>> = {
  'content-length': Field.ContentLength,
  'transfer-encoding': Field.TransferEncoding,
  'content-type': Field.ContentType,
  host: Field.Host,
  upgrade: Field.Upgrade,
  traceparent: Field.TraceParent,
  'x-b3-traceid': Field.B3TraceId,
  b3: Field.B3,
  'uber-trace-id': Field.UberTraceId,
  'connect-protocol-version': Field.ConnectVersion,
};

/**
 * A name that contains one of these is a secret's. Longer words of the original's list are left out
 * where a shorter one is part of them: `auth` finds `authorization`, `pass` finds `password`.
 */
const secretWords = [
  'token',
  'auth',
  'cookie',
  'user',
  'key',
  'pass',
  'jwt',
  'bearer',
  'clientid',
  'clientsecret',
  'redirecturi',
  'phonenumber',
  'zip',
  'address',
  'country',
  'firstname',
  'lastname',
  'middlename',
  'fname',
  'lname',
  'birthdate',
];

/** Names that contain such a word and hold no secret. */
const harmlessNames = [
  'user-agent',
  'x-user-agent',
  'sec-websocket-key',
  'surrogate-key',
  'x-cache-key',
  'public-key-pins',
  'public-key-pins-report-only',
];
const harmlessPseudoNames = [':authority'];

/** Classes of bytes: 26 letters, then these. */
const dash = 26;
const underscore = 27;
const three = 28;
const otherToken = 29;
/** Bytes that are in no name. */
const endOfName = 30;
const classCount = 32;

/** Byte → class; letters in either case are one class. */
const nameClass = new Uint8Array(256).fill(endOfName);
for (let byte = 0; byte < 256; byte++) {
  if (tokenByte[byte] === 1) nameClass[byte] = otherToken;
}
for (let i = 0; i < 26; i++) {
  nameClass[65 + i] = i;
  nameClass[97 + i] = i;
}
nameClass[45] = dash;
nameClass[95] = underscore;
nameClass[51] = three;

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  /** -1: no known name ends here. */
  action: number;
  fail: TrieNode | undefined;
}

function newNode(): TrieNode {
  return { next: new Map(), action: -1, fail: undefined };
}

function addWord(root: TrieNode, word: string, action: number): void {
  let node = root;
  for (let i = 0; i < word.length; i++) {
    const step = nameClass[word.charCodeAt(i)]!;
    let child = node.next.get(step);
    if (child === undefined) {
      child = newNode();
      node.next.set(step, child);
    }
    node = child;
  }
  node.action = action;
}

/** Links each node to the longest proper suffix that is also in the trie (Aho and Corasick). */
function linkFailures(root: TrieNode): void {
  const queue: TrieNode[] = [root];
  for (const node of queue) {
    for (const [step, child] of node.next) {
      let fail = node.fail;
      while (fail !== undefined && !fail.next.has(step)) fail = fail.fail;
      child.fail = fail?.next.get(step) ?? root;
      if (child.fail.action >= 0) child.action = child.fail.action;
      queue.push(child);
    }
  }
}

function searchStep(root: TrieNode, from: TrieNode, step: number): TrieNode {
  if (from.action >= 0 || step === dash || step === underscore) return from;
  let node: TrieNode | undefined = from;
  while (node !== undefined) {
    const child = node.next.get(step);
    if (child !== undefined) return child;
    node = node.fail;
  }
  return root;
}

interface Automaton {
  /** State + class of byte → state; states are multiples of `classCount`. */
  readonly next: Uint16Array;
  readonly actions: Uint8Array;
}

function build(): Automaton {
  const names = newNode();
  for (const [name, action] of Object.entries(readNames)) addWord(names, name, action);
  for (const name of harmlessNames) addWord(names, name, Field.None);
  const words = newNode();
  for (const word of secretWords) addWord(words, word, sensitive);
  linkFailures(words);

  const unknownName = newNode();
  const numbers = new Map<TrieNode, Map<TrieNode, number>>();
  const states: (readonly [TrieNode, TrieNode])[] = [];
  const numberOf = (name: TrieNode, word: TrieNode): number => {
    // Every way to have found a word is the same state.
    const search = word.action >= 0 ? unknownName : word;
    const byName = numbers.get(name) ?? new Map<TrieNode, number>();
    numbers.set(name, byName);
    let number = byName.get(search);
    if (number === undefined) {
      number = states.push([name, word]) - 1;
      byName.set(search, number);
    }
    return number;
  };
  numberOf(names, words);
  const table: number[] = [];
  const actions: number[] = [];
  for (let i = 0; i < states.length; i++) {
    const [name, word] = states[i]!;
    actions.push(name.action >= 0 ? name.action : Math.max(word.action, 0));
    for (let step = 0; step < classCount; step++) {
      const nextName = name.next.get(step) ?? unknownName;
      const to = step < endOfName ? numberOf(nextName, searchStep(words, word, step)) : 0;
      table.push(to * classCount);
    }
  }
  return { next: Uint16Array.from(table), actions: Uint8Array.from(actions) };
}

/** Made when the first name comes: processes that only show entries need none. */
let automaton: Automaton | undefined;

/**
 * `Field`, `sensitive` and `invalid` of the name in `[from, to)`. Bytes that no name may have are passed
 * over, so that a secret is one even under a name that is misspelt with a blank.
 */
export function classifyName(bytes: Uint8Array, from: number, to: number): number {
  automaton ??= build();
  const { next, actions } = automaton;
  let state = 0;
  let odd = from === to ? invalid : 0;
  for (let i = from; i < to; i++) {
    const step = nameClass[bytes[i]!]!;
    if (step === endOfName) odd = invalid;
    else state = next[state + step]!;
  }
  return actions[state >> 5]! | odd;
}

/** Whether values under this name are redacted; the one rule for headers of every HTTP version. */
export function isSensitiveName(name: string): boolean {
  if (harmlessPseudoNames.includes(name.toLowerCase())) return false;
  const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0) & 0xff);
  return (classifyName(bytes, 0, bytes.length) & sensitive) !== 0;
}
