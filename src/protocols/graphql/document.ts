/**
 * What a GraphQL document asks for, read in one pass without a parser: the operation's kind and name, and
 * the first fields of its selection. The hot half needs it for the row, and as proof that a text is
 * GraphQL at all; the cold half parses properly.
 */

/** Characters of a document that are looked at. */
export const maxDocumentLength = 16_384;
/** Fields that are named in a row. */
const shownFields = 4;
/** Operations and fragments of one document that are looked at. */
const maxDefinitions = 64;
/** A name in a row. */
const maxNameLength = 80;

export interface Operation {
  /** `query`, `mutation`, `subscription` */
  readonly type: string;
  /** Empty: it has none. */
  readonly name: string;
  /** The first fields of its selection, by their own names; spreads as `...Name`. */
  readonly fields: readonly string[];
  readonly hasMore: boolean;
}

const ignored = /(?:[\s,\uFEFF]|#[^\n\r]*)*/y;
const nameToken = /[_A-Za-z][_0-9A-Za-z]*/y;
const stringToken = /"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*(?:"|$)/sy;
const variableToken = /\$[_A-Za-z][_0-9A-Za-z]*/y;

/** One walk over a document. */
class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text.length > maxDocumentLength ? text.slice(0, maxDocumentLength) : text;
  }

  get isOver(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character that is not ignored, which it stays before. */
  peek(): string {
    if (this.isOver) return '';
    ignored.lastIndex = this.at;
    ignored.test(this.text);
    this.at = ignored.lastIndex;
    return this.text[this.at] ?? '';
  }

  take(token: RegExp): string | undefined {
    if (this.peek() === '') return undefined;
    token.lastIndex = this.at;
    const found = token.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  takeName(): string | undefined {
    return this.take(nameToken);
  }

  /** Passes over what stands between brackets that begin here. False: it is not closed, or breaks. */
  skipBrackets(): boolean {
    let depth = 0;
    while (!this.isOver) {
      const next = this.peek();
      if (next === '"') {
        if (this.take(stringToken) === undefined) return false;
        continue;
      }
      this.at++;
      if (next === '{' || next === '(' || next === '[') depth++;
      else if (next === '}' || next === ')' || next === ']') depth--;
      if (depth === 0) return true;
    }
    return false;
  }

  /** `@name(arguments) ...` */
  skipDirectives(): boolean {
    while (this.peek() === '@') {
      this.at++;
      if (this.takeName() === undefined) return this.isOver;
      if (this.peek() === '(' && !this.skipBrackets()) return false;
    }
    return true;
  }
}

/**
 * The operation that is executed: the one with this name, else the first. Undefined when the text is no
 * GraphQL document. A document that is cut behind the beginning of its operation is one.
 */
export function readOperation(text: string, operationName = ''): Operation | undefined {
  const reader = new Reader(text);
  let first: Operation | undefined;
  for (let i = 0; i < maxDefinitions && reader.peek() !== ''; i++) {
    const operation = readDefinition(reader);
    if (operation === undefined) return first;
    if (operation === fragment) continue;
    if (operation.name === operationName && operationName !== '') return operation;
    first ??= operation;
  }
  return first;
}

const fragment: Operation = { type: 'fragment', name: '', fields: [], hasMore: false };
const kinds = new Set(['query', 'mutation', 'subscription']);

function readDefinition(reader: Reader): Operation | undefined {
  if (reader.peek() === '{') return readSelection(reader, 'query', '');
  const type = reader.takeName();
  if (type === 'fragment') {
    const known = reader.takeName() !== undefined && reader.takeName() === 'on';
    if (!known || reader.takeName() === undefined || !reader.skipDirectives()) return undefined;
    return reader.peek() === '{' && reader.skipBrackets() ? fragment : undefined;
  }
  if (type === undefined || !kinds.has(type)) return undefined;
  const name = reader.takeName()?.slice(0, maxNameLength) ?? '';
  if (reader.peek() === '(' && !isVariables(reader)) return undefined;
  if (!reader.skipDirectives() || reader.peek() !== '{') return undefined;
  return readSelection(reader, type, name);
}

/** `($id: ID!, ...)`: passes over it. */
function isVariables(reader: Reader): boolean {
  const open = reader.at;
  reader.at++;
  if (reader.take(variableToken) === undefined || reader.peek() !== ':') return false;
  reader.at = open;
  return reader.skipBrackets();
}

/** `{ field alias: field(arguments) @directive { ... } ...Fragment ... on Type { ... } }` */
function readSelection(reader: Reader, type: string, name: string): Operation | undefined {
  const fields: string[] = [];
  let count = 0;
  reader.at++;
  while (reader.peek() !== '}' && !reader.isOver) {
    const field = readSelected(reader);
    if (field === undefined) {
      if (reader.isOver && count > 0) break;
      return undefined;
    }
    count++;
    if (fields.length < shownFields) fields.push(field);
  }
  if (count === 0) return undefined;
  reader.at++;
  return { type, name, fields, hasMore: count > fields.length };
}

function readSelected(reader: Reader): string | undefined {
  let name: string | undefined;
  if (reader.text.startsWith('...', reader.at)) {
    reader.at += 3;
    const spread = reader.takeName();
    name = spread === 'on' ? `...${reader.takeName() ?? ''}` : `...${spread ?? ''}`;
  } else {
    name = reader.takeName();
    if (name !== undefined && reader.peek() === ':') {
      reader.at++;
      name = reader.takeName();
    }
  }
  if (name === undefined) return undefined;
  // What is cut behind the name still has a name.
  if (reader.peek() === '(' && !reader.skipBrackets()) return reader.isOver ? name : undefined;
  if (!reader.skipDirectives()) return reader.isOver ? name : undefined;
  if (reader.peek() === '{') reader.skipBrackets();
  return name.slice(0, maxNameLength);
}

/** `query Cart { items total ... }`: what a row says. */
export function labelOf({ type, name, fields, hasMore }: Operation): string {
  const head = name === '' ? type : `${type} ${name}`;
  return `${head} { ${fields.join(' ')}${hasMore ? ' ...' : ''} }`;
}
