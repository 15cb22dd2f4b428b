/**
 * Rows say the same again and again: who calls whom, by which protocol, with which method. Each came from
 * a JSON text of its own, so what is equal is held once: a row in memory then takes a third of the room.
 */
import type { Endpoint, EntryRow } from '../../../src/entry/entry.ts';

type Protocol = EntryRow['protocol'];
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** What is remembered of each kind; beyond it all is forgotten, and remembered anew. */
const mostRemembered = 8_192;
/** Longer texts are seldom met twice, characters. */
const longestText = 200;

const nothing: readonly string[] = [];

function sameParts<T extends object>(one: T, other: T): boolean {
  const names = Object.keys(one) as (keyof T)[];
  if (Object.keys(other).length !== names.length) return false;
  return names.every((name) => one[name] === other[name]);
}

export class SharedParts {
  readonly #texts = new Map<string, string>();
  readonly #ends = new Map<string, Endpoint>();
  readonly #protocols = new Map<string, Protocol>();

  /** Lets a row that was just received share what is equal in earlier ones. Says the same afterwards. */
  share(received: EntryRow): void {
    const row = received as Mutable<EntryRow>;
    row.src = this.#end(row.src);
    row.dst = this.#end(row.dst);
    row.protocol = this.#protocol(row.protocol);
    if (row.incomplete.length === 0) row.incomplete = nothing;
    row.method = this.#text(row.method);
    row.target = this.#text(row.target);
    row.host = this.#text(row.host);
    row.contentType = this.#text(row.contentType);
    row.namespace = this.#text(row.namespace);
    row.node = this.#text(row.node);
    row.stream = this.#text(row.stream);
    row.parent = this.#text(row.parent);
    row.capture = this.#text(row.capture);
  }

  #text(text: string): string {
    // Very short ones are shared by the browser itself.
    if (text.length < 3 || text.length > longestText) return text;
    return remembered(this.#texts, text, text);
  }

  #end(end: Endpoint): Endpoint {
    const key = `${end.ip} ${end.port}`;
    const known = this.#ends.get(key);
    if (known !== undefined && sameParts(known, end)) return known;
    const own = end as Mutable<Endpoint>;
    own.ip = this.#text(end.ip);
    own.name = this.#text(end.name);
    // An address may have come to be called otherwise: from here on that is what is shared.
    this.#ends.delete(key);
    return remembered(this.#ends, key, end);
  }

  #protocol(protocol: Protocol): Protocol {
    const { name, version, abbr } = protocol;
    return remembered(this.#protocols, `${name} ${version} ${abbr}`, protocol);
  }
}

/** What is remembered under a key; `value`, and remembered from now on, when there is nothing. */
function remembered<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= mostRemembered) known.clear();
  known.set(key, value);
  return value;
}
