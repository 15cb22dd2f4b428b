/** Kept bytes of a RESP value → the value. Bytes may be cut anywhere, or have secrets written over. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { textOf } from './decode-text.ts';

/** Aggregates within one another that are shown. */
const maxDepth = 64;
/** Values of one message that are shown. */
const maxValues = 65_536;
const redacted = '[REDACTED]';

/** Names of the types as the original has them; those of RESP3 in its manner. */
const typeNames: Readonly<Record<string, string>> = {
  '+': 'Simple String',
  '-': 'Error',
  ':': 'Integer',
  $: 'Bulk String',
  '*': 'Array',
  _: 'Null',
  ',': 'Double',
  '#': 'Boolean',
  '!': 'Bulk Error',
  '=': 'Verbatim String',
  '(': 'Big Number',
  '%': 'Map',
  '~': 'Set',
  '>': 'Push',
};

/** One value. `value` is what queries and the page see. */
export interface Node {
  readonly type: string;
  readonly value: Value;
  /** Content of a string, or text of a line. */
  readonly bytes?: Uint8Array;
  /** Values of an aggregate; keys and values of a map, one behind the other. */
  readonly items?: readonly Node[];
  /** How many there should be. */
  readonly count?: number;
  /** `txt`, `mkd`: of a verbatim string. */
  readonly format?: string;
  readonly attributes?: Value;
}

export class ValueReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #values = 0;
  /** Something is missing: the bytes end, or there is too much to show. */
  cut = false;
  /** Something is no value. */
  broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  set at(at: number) {
    this.#at = at;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length && !this.cut && !this.broken;
  }

  /** The next value; undefined at the end. */
  read(depth = 0): Node | undefined {
    if (!this.more) {
      this.cut = true;
      return undefined;
    }
    if (++this.#values > maxValues || depth > maxDepth) {
      this.cut = true;
      return undefined;
    }
    const type = String.fromCharCode(this.#bytes[this.#at]!);
    const line = this.#line();
    if (line === undefined) return undefined;
    if (type === '|') return this.#withAttributes(line, depth);
    const name = typeNames[type];
    if (name === undefined) {
      this.broken = true;
      return undefined;
    }
    switch (type) {
      case '$':
      case '=':
      case '!':
        return this.#string(name, line);
      case '*':
      case '~':
      case '>':
        return this.#list(name, line, 1, depth);
      case '%':
        return this.#list(name, line, 2, depth);
      default:
        return scalar(type, name, line);
    }
  }

  /** What stands behind the type byte, up to the end of the line, which is consumed. */
  #line(): Uint8Array | undefined {
    const newline = this.#bytes.indexOf(10, this.#at);
    const from = this.#at + 1;
    if (newline < 0) {
      this.cut = true;
      const rest = this.#bytes.subarray(from);
      this.#at = this.#bytes.length;
      return rest.length > 0 ? rest : undefined;
    }
    this.#at = newline + 1;
    return this.#bytes.subarray(from, Math.max(from, newline - 1));
  }

  #withAttributes(line: Uint8Array, depth: number): Node | undefined {
    const attributes = this.#list('Map', line, 2, depth);
    const node = this.read(depth);
    return node === undefined ? undefined : { ...node, attributes: attributes?.value };
  }

  #string(name: string, line: Uint8Array): Node | undefined {
    const head = textOf(line);
    if (head === '-1') return { type: name, value: null };
    if (head === '?') return this.#pieces();
    const length = Number(head);
    if (!/^\d+$/.test(head)) {
      this.broken = !this.cut;
      return undefined;
    }
    const bytes = this.#content(length);
    if (name !== 'Verbatim String') return stringNode(name, bytes);
    const format = textOf(bytes.subarray(0, 3));
    return { ...stringNode(name, bytes.subarray(4)), format };
  }

  /** `length` bytes and CRLF; fewer when they are cut, others when they were redacted. */
  #content(length: number): Uint8Array {
    const bytes = this.#bytes;
    const from = this.#at;
    const to = from + length;
    if (bytes[to] === 13 && bytes[to + 1] === 10) {
      this.#at = to + 2;
      return bytes.subarray(from, to);
    }
    const line = bytes.indexOf(10, from);
    const end = line < 0 ? bytes.length : line - 1;
    const shown = bytes.subarray(from, Math.max(from, end));
    if (end - from < 1 << 16 && textOf(shown).includes(redacted)) {
      this.#at = line < 0 ? bytes.length : line + 1;
      return shown;
    }
    this.cut = true;
    this.#at = bytes.length;
    return bytes.subarray(from, Math.min(to, bytes.length));
  }

  /** A string in pieces. */
  #pieces(): Node {
    const pieces: Uint8Array[] = [];
    while (this.more && ++this.#values <= maxValues) {
      const isPiece = this.#bytes[this.#at] === 0x3b;
      const line = this.#line();
      const length = line === undefined ? NaN : Number(textOf(line));
      if (!isPiece || !Number.isInteger(length) || length <= 0) break;
      pieces.push(this.#content(length));
    }
    return stringNode('Bulk String', Buffer.concat(pieces));
  }

  #list(name: string, line: Uint8Array, each: number, depth: number): Node | undefined {
    const head = textOf(line);
    if (head === '-1') return { type: name, value: null };
    if (head !== '?' && !/^\d+$/.test(head)) {
      this.broken = !this.cut;
      return undefined;
    }
    const count = head === '?' ? Number.POSITIVE_INFINITY : Number(head) * each;
    const items: Node[] = [];
    while (items.length < count) {
      if (head === '?' && this.#bytes[this.#at] === 0x2e) {
        this.#line();
        break;
      }
      const item = this.read(depth + 1);
      if (item === undefined) break;
      items.push(item);
    }
    const value = each === 2 ? mapOf(items) : items.map((item) => item.value);
    return {
      type: name,
      value,
      items,
      count: (Number.isFinite(count) ? count : items.length) / each,
    };
  }
}

function stringNode(type: string, bytes: Uint8Array): Node {
  const text = textOf(bytes);
  return { type, value: type === 'Bulk Error' ? `(error) ${text}` : text, bytes };
}

function scalar(type: string, name: string, line: Uint8Array): Node {
  const text = textOf(line);
  switch (type) {
    case ':': {
      const number = Number(text);
      return { type: name, value: Number.isSafeInteger(number) ? number : text, bytes: line };
    }
    case ',': {
      const number = Number(text);
      return { type: name, value: Number.isFinite(number) ? number : text, bytes: line };
    }
    case '#':
      return { type: name, value: text === 't', bytes: line };
    case '_':
      return { type: name, value: null };
    case '-':
      return { type: name, value: `(error) ${text}`, bytes: line };
    default:
      return { type: name, value: text, bytes: line };
  }
}

/** Pairs as a map when their names are texts or numbers and differ, else as a list of pairs. */
export function mapOf(items: readonly Node[]): Value {
  const names = items.filter((_, i) => i % 2 === 0).map(({ value }) => value);
  const plain = names.every((name) => typeof name === 'string' || typeof name === 'number');
  if (plain && new Set(names.map(String)).size === names.length) {
    const map: ValueMap = Object.create(null) as ValueMap;
    names.forEach((name, i) => {
      map[String(name)] = items[2 * i + 1]?.value ?? null;
    });
    return { ...map };
  }
  return names.map((name, i) => [name, items[2 * i + 1]?.value ?? null]);
}
