/**
 * JSON text → a flat index of its values, for the tree. Keeps what `JSON.parse` loses: the order and
 * repeats of names, numbers of any size as written, and everything before the place where a text is
 * cut or broken. One pass, typed arrays, no object per value: 10 MB take a fraction of a second.
 */

export const Kind = { Object: 1, Array: 2, String: 3, Number: 4, Word: 5 } as const;

/** Nesting deeper than this is not shown as a tree. */
const depthLimit = 500;
const firstCapacity = 1_024;

export interface JsonIndex {
  readonly text: string;
  readonly count: number;
  readonly kind: Uint8Array;
  readonly depth: Uint16Array;
  /** Name of the value within its object, with its quotes; `from === to` in arrays. */
  readonly nameFrom: Int32Array;
  readonly nameTo: Int32Array;
  /** Text of the value; for objects and arrays from the opening to behind the closing bracket. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Index of the first value behind this one and everything in it. */
  readonly next: Int32Array;
  /** Direct members of an object or array. */
  readonly members: Int32Array;
  readonly parent: Int32Array;
  /** Where reading stopped when the text is not whole JSON; -1 when it is. */
  readonly brokenAt: number;
  /** False while a long text is still being read: what is open then has `to` 0, and members to come. */
  readonly isWhole: boolean;
}

type Building = { -readonly [Name in keyof JsonIndex]: JsonIndex[Name] };

function grow(index: Building): void {
  const capacity = index.kind.length * 2;
  const bigger = <T extends Uint8Array | Uint16Array | Int32Array>(old: T, fresh: T): T => {
    fresh.set(old);
    return fresh;
  };
  index.kind = bigger(index.kind, new Uint8Array(capacity));
  index.depth = bigger(index.depth, new Uint16Array(capacity));
  for (const name of ['nameFrom', 'nameTo', 'from', 'to', 'next', 'members', 'parent'] as const) {
    index[name] = bigger(index[name], new Int32Array(capacity));
  }
}

function emptyIndex(text: string): Building {
  const numbers = () => new Int32Array(firstCapacity);
  return {
    text,
    count: 0,
    kind: new Uint8Array(firstCapacity),
    depth: new Uint16Array(firstCapacity),
    nameFrom: numbers(),
    nameTo: numbers(),
    from: numbers(),
    to: numbers(),
    next: numbers(),
    members: numbers(),
    parent: numbers(),
    brokenAt: -1,
    isWhole: true,
  };
}

const quote = 34;
const backslash = 92;

/** Position behind the string that starts at `at`, or -1 when it has no end. */
function stringEnd(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && text.charCodeAt(end - 1) === backslash) {
    let slashes = 1;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  return end < 0 ? -1 : end + 1;
}

const scalar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y;

function scalarEnd(text: string, at: number): number {
  scalar.lastIndex = at;
  return scalar.test(text) ? scalar.lastIndex : -1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9 && code !== 0xfeff) return at;
    at++;
  }
}

class Reader {
  readonly index: Building;
  at = 0;
  #parent = -1;
  #depth = 0;

  constructor(text: string) {
    this.index = emptyIndex(text);
  }

  /**
   * Reads on until the end of the text or a break, or until so many values are known; true at the end.
   * Several values in a row are JSON lines.
   */
  read(limit = Number.POSITIVE_INFINITY): boolean {
    const { text } = this.index;
    for (;;) {
      if (this.index.count >= limit) return false;
      this.at = skipSpace(text, this.at);
      if (this.at >= text.length) break;
      if (this.#parent >= 0 && this.#close()) continue;
      if (!this.#value()) {
        this.index.brokenAt = this.at;
        break;
      }
    }
    if (this.#parent >= 0 && this.index.brokenAt < 0) this.index.brokenAt = this.at;
    while (this.#parent >= 0) this.#leave(Math.min(this.at, text.length));
    return true;
  }

  /** What has been read so far, as an index of its own. */
  soFar(): JsonIndex {
    const { index } = this;
    for (let at = this.#parent; at >= 0; at = index.parent[at]!) index.next[at] = index.count;
    return { ...index, isWhole: false };
  }

  /** Takes a closing bracket or a comma, if there is one. */
  #close(): boolean {
    const code = this.index.text.charCodeAt(this.at);
    if (code === 44 && this.index.members[this.#parent]! > 0) {
      this.at++;
      return true;
    }
    const isArray = this.index.kind[this.#parent] === Kind.Array;
    if (code !== (isArray ? 93 : 125)) return false;
    this.at++;
    this.#leave(this.at);
    return true;
  }

  #leave(end: number): void {
    const { index } = this;
    const node = this.#parent;
    index.to[node] = end;
    index.next[node] = index.count;
    this.#parent = index.parent[node]!;
    this.#depth--;
  }

  #value(): boolean {
    const { index } = this;
    const { text } = index;
    let nameFrom = 0;
    let nameTo = 0;
    if (this.#parent >= 0 && index.kind[this.#parent] === Kind.Object) {
      if (text.charCodeAt(this.at) !== quote) return false;
      nameFrom = this.at;
      nameTo = stringEnd(text, this.at);
      if (nameTo < 0) return false;
      const colon = skipSpace(text, nameTo);
      if (text.charCodeAt(colon) !== 58) return false;
      this.at = skipSpace(text, colon + 1);
    }
    const code = text.charCodeAt(this.at);
    if (code === 123 || code === 91) {
      if (this.#depth >= depthLimit) return false;
      this.#parent = this.#add(code === 123 ? Kind.Object : Kind.Array, nameFrom, nameTo, 0);
      this.#depth++;
      this.at++;
      return true;
    }
    const end = code === quote ? stringEnd(text, this.at) : scalarEnd(text, this.at);
    if (end < 0) return false;
    const isNumber = code === 45 || (code >= 48 && code <= 57);
    this.#add(
      code === quote ? Kind.String : isNumber ? Kind.Number : Kind.Word,
      nameFrom,
      nameTo,
      end,
    );
    this.at = end;
    return true;
  }

  #add(kind: number, nameFrom: number, nameTo: number, to: number): number {
    const { index } = this;
    if (index.count === index.kind.length) grow(index);
    const node = index.count++;
    index.kind[node] = kind;
    index.depth[node] = this.#depth;
    index.nameFrom[node] = nameFrom;
    index.nameTo[node] = nameTo;
    index.from[node] = this.at;
    index.to[node] = to;
    index.next[node] = node + 1;
    index.parent[node] = this.#parent;
    if (this.#parent >= 0) index.members[this.#parent]!++;
    return node;
  }
}

/** Reads a text; never throws. `count` is 0 when nothing of it is JSON. */
export function indexJson(text: string): JsonIndex {
  const reader = new Reader(text);
  reader.read();
  return reader.index;
}

/** Reads a text in pieces, so that what is shown of it first need not wait for its end. */
export class JsonReading {
  readonly #reader: Reader;

  constructor(text: string) {
    this.#reader = new Reader(text);
  }

  /** Reads at least one piece of so many values, and further ones for `ms`. */
  read(values: number, ms: number): JsonIndex {
    const end = performance.now() + ms;
    let isOver = false;
    do {
      isOver = this.#reader.read(this.#reader.index.count + values);
    } while (!isOver && performance.now() < end);
    return isOver ? this.#reader.index : this.#reader.soFar();
  }
}

/** A JSON string literal as the text it stands for; as written when it is broken. */
export function unquote(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal.slice(1, -1);
  }
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Place of a value within its array. */
function positionOf(index: JsonIndex, node: number): number {
  let at = index.parent[node]! + 1;
  let position = 0;
  while (at < node) {
    at = index.next[at]!;
    position++;
  }
  return position;
}

/** Path of a value as the query language writes it: `.items[0]["content-hash"]`. */
export function pathOf(index: JsonIndex, node: number): string {
  const parts: string[] = [];
  for (let at = node; index.parent[at]! >= 0; at = index.parent[at]!) {
    if (index.nameTo[at]! > index.nameFrom[at]!) {
      const name = unquote(index.text.slice(index.nameFrom[at], index.nameTo[at]));
      parts.push(plainName.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);
    } else parts.push(`[${positionOf(index, at)}]`);
  }
  return parts.reverse().join('');
}

/** The nodes to draw, in order: everything but what is inside a closed one. */
export function visibleNodes(index: JsonIndex, isOpen: (node: number) => boolean): Int32Array {
  const nodes = new Int32Array(index.count);
  let count = 0;
  for (let node = 0; node < index.count; ) {
    nodes[count++] = node;
    node = isOpen(node) ? node + 1 : index.next[node]!;
  }
  return nodes.subarray(0, count);
}

/** Of one level. */
const indent = '  ';

/** The text with one value a line; only spaces between values change. */
export function formatJson(index: JsonIndex): string {
  const lines: string[] = [];
  const open: number[] = [];
  const closeUpTo = (node: number) => {
    for (
      let last = open.at(-1);
      last !== undefined && index.next[last]! <= node;
      last = open.at(-1)
    ) {
      open.pop();
      const isBroken = index.brokenAt >= 0 && index.to[last]! >= index.brokenAt;
      if (!isBroken) lines.push(closing(index, last));
    }
  };
  for (let node = 0; node < index.count; node++) {
    closeUpTo(node);
    const kind = index.kind[node]!;
    const name = index.text.slice(index.nameFrom[node], index.nameTo[node]);
    const start = indent.repeat(index.depth[node]!) + (name === '' ? '' : `${name}: `);
    const hasMembers = index.members[node]! > 0;
    if ((kind === Kind.Object || kind === Kind.Array) && hasMembers) {
      lines.push(start + (kind === Kind.Object ? '{' : '['));
      open.push(node);
    } else
      lines.push(start + index.text.slice(index.from[node], index.to[node]) + comma(index, node));
  }
  closeUpTo(index.count);
  if (index.brokenAt >= 0) lines.push(index.text.slice(index.brokenAt));
  return lines.join('\n');
}

function comma(index: JsonIndex, node: number): string {
  const parent = index.parent[node]!;
  return parent >= 0 && index.next[node]! < index.next[parent]! ? ',' : '';
}

function closing(index: JsonIndex, node: number): string {
  const bracket = index.kind[node] === Kind.Object ? '}' : ']';
  return indent.repeat(index.depth[node]!) + bracket + comma(index, node);
}
