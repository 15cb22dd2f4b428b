/** The YAML file → assignments, with the line of each. */
import { isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import type { Branches, Group, Setting } from './declare.ts';
import type { Origin, Reading } from './reading.ts';
import { findNode, schema } from './schema.ts';
import { didYouMean, suggestPath } from './suggest.ts';

/** Limits how far aliases may multiply a small file. */
const maxAliases = 100;

class FileReader {
  readonly #name: string;
  readonly #reading: Reading;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  constructor(text: string, name: string, reading: Reading) {
    this.#name = name;
    this.#reading = reading;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  read(): void {
    const { errors, contents } = this.#document;
    for (const error of errors.slice(0, 3)) {
      this.#reading.errors.push(`${error.message} (${this.#name}:${this.#line(error.pos[0])})`);
    }
    if (errors.length > 0 || contents === null) return;
    if (isScalar(contents) && contents.value === null) return;
    this.#group({ node: 'group', help: '', children: schema }, contents, '', 0);
  }

  #line(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #origin(offset: number): Origin {
    return { layer: 'file', from: `${this.#name}:${this.#line(offset)}` };
  }

  /** Depth is that of the declaration, whatever the file's is. */
  #group(group: Group, given: unknown, path: string, offset: number): void {
    const node = isAlias(given) ? given.resolve(this.#document) : given;
    const plain = isScalar(node) ? node.value : undefined;
    if (isScalar(node) && plain === null) return;
    if (isScalar(node) && group.scalar !== undefined) {
      this.#setting(
        group.children[group.scalar] as Setting,
        node,
        `${path}.${group.scalar}`,
        offset,
      );
    } else if (isMap(node)) {
      for (const pair of node.items) this.#pair(group.children, pair, path);
    } else {
      const what = path === '' ? 'the file' : path;
      this.#reading.errors.push(
        `${what} must be a group of settings (${this.#origin(offset).from})`,
      );
    }
  }

  #pair(branches: Branches, pair: Pair, before: string): void {
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
    const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const path = before === '' ? `${key}` : `${before}.${key}`;
    const node = key !== undefined && Object.hasOwn(branches, key) ? branches[key] : undefined;
    if (node === undefined) this.#unknown(path, offset);
    else if (node.node === 'group') this.#group(node, pair.value, path, offset);
    else this.#setting(node, pair.value, path, offset);
  }

  #setting(setting: Setting, node: unknown, path: string, offset: number): void {
    const located = { path, setting };
    const origin = this.#origin(offset);
    if (isScalar(node)) {
      // 1.20 is a tag as well as a number: a text is taken as it stands.
      const asWritten = setting.kind === 'text' && typeof node.value !== 'string';
      const value = asWritten && node.value !== null ? (node.source ?? node.value) : node.value;
      if (value !== null) this.#reading.value(located, value, origin);
      return;
    }
    if (node === null || node === undefined) return;
    const { toJS } = node as { toJS?: (document: unknown, options: object) => unknown };
    try {
      const value = toJS?.call(node, this.#document, { maxAliasCount: maxAliases });
      if (value !== null) this.#reading.value(located, value, origin);
    } catch {
      this.#reading.errors.push(`${path} has too many aliases (${origin.from})`);
    }
  }

  #unknown(path: string, offset: number): void {
    // A dotted key is what `--set` takes, and the likely mistake of who copied from there.
    const hint =
      findNode(path) === undefined ? didYouMean(suggestPath(path)) : ' (nest it instead)';
    this.#reading.notices.push(
      `${this.#origin(offset).from}: there is no setting ${path.slice(0, 100)}${hint}; it is ignored`,
    );
  }
}

/** Reads the text of a file into `reading`; `name` is the file's, for messages. Never throws. */
export function readFileLayer(text: string, name: string, reading: Reading): void {
  try {
    new FileReader(text, name, reading).read();
  } catch (error) {
    // Nesting beyond the parser's stack, an alias to nothing.
    reading.errors.push(`${error instanceof Error ? error.message : String(error)} (${name})`);
  }
}
