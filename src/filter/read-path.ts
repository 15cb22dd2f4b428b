/** A path → the values it names in one entry. */
import type { ColumnUse, Path, Segment } from './ast.ts';
import type { Subject } from './contract.ts';
import { structureDepthLimit, visitLimit } from './limits.ts';
import { readJson } from './structured.ts';
import { type Data, textOf } from './values.ts';
import { readXml } from './xml.ts';

/** True when one of the values that the path names passes the test. Missing: no value at all. */
export type PathReader = (subject: Subject, test: (value: Data) => boolean) => boolean;

/** One compiled query's memory: several clauses on the same body parse it once. */
export class ParsedTexts {
  private text: string | undefined;
  private kind: 'json' | 'xml' | undefined;
  private parsed: Data;

  read(kind: 'json' | 'xml', value: Data): Data {
    if (typeof value === 'string' && value === this.text && kind === this.kind) return this.parsed;
    const parsed = kind === 'json' ? readJson(value) : readXml(value);
    if (typeof value === 'string') {
      this.text = value;
      this.kind = kind;
      this.parsed = parsed;
    }
    return parsed;
  }
}

export function pathReader(path: Path, texts: ParsedTexts): PathReader {
  if (path.column !== undefined) return columnReader(path.column);
  const { segments } = path;
  return (subject, test) => {
    const visit = new Visit(segments, texts, test);
    return visit.from(subject.root() as Data, 0);
  };
}

function columnReader(column: ColumnUse): PathReader {
  const applies = columnApplies(column);
  return (subject, test) => {
    if (!applies(subject)) return false;
    const value = subject.column(column.name);
    return value !== undefined && test(value);
  };
}

/** Outcomes of entries that lack a side. Paths inside that side are missing there. */
export const outcomesWithout: Readonly<Record<'request' | 'response', readonly string[]>> = {
  request: ['no request'],
  response: ['pending', 'no response'],
};

function columnApplies({ protocols, side }: ColumnUse): (subject: Subject) => boolean {
  const known = protocols === undefined ? undefined : new Set(protocols);
  const absent = side === undefined ? [] : outcomesWithout[side];
  return (subject) => {
    if (known !== undefined && !known.has(String(subject.column('protocol.name')))) return false;
    return absent.length === 0 || !absent.includes(String(subject.column('outcome')));
  };
}

const caseless = new Set(['headers', 'trailers']);

/** One walk over one entry; gives up, as if nothing more were there, at `visitLimit`. */
class Visit {
  private left = visitLimit;
  private readonly segments: readonly Segment[];
  private readonly texts: ParsedTexts;
  private readonly test: (value: Data) => boolean;

  constructor(segments: readonly Segment[], texts: ParsedTexts, test: (value: Data) => boolean) {
    this.segments = segments;
    this.texts = texts;
    this.test = test;
  }

  from(value: Data, at: number): boolean {
    const segment = this.segments[at];
    if (value === undefined || this.left-- <= 0) return false;
    if (segment === undefined) return this.test(value);
    switch (segment.kind) {
      case 'name':
        return this.named(value, segment.name, at);
      case 'index':
        return Array.isArray(value) && this.from(value.at(segment.index), at + 1);
      case 'all':
        return this.all(value, at);
      case 'deep':
        return this.deep(value, segment.name, at, 0);
      case 'call':
        return this.from(this.texts.read(segment.name, value), at + 1);
    }
  }

  private named(value: Data, name: string, at: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    // A name over a list: any element may have it, so that paths need not spell every index.
    if (Array.isArray(value)) return value.some((each) => this.element(each, at));
    const before = this.segments[at - 1];
    if (before?.kind !== 'name' || !caseless.has(before.name)) {
      return Object.hasOwn(value, name) && this.from(value[name], at + 1);
    }
    const wanted = name.toLowerCase();
    for (const key of Object.keys(value)) {
      const isSame = key.length === name.length && key.toLowerCase() === wanted;
      if (isSame && this.from(value[key], at + 1)) return true;
    }
    return false;
  }

  private element(value: Data, at: number): boolean {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMap && this.from(value, at);
  }

  private all(value: Data, at: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    return Object.values(value).some((item) => this.from(item, at + 1));
  }

  private deep(value: Data, name: string, at: number, depth: number): boolean {
    if (typeof value !== 'object' || value === null) return false;
    if (depth > structureDepthLimit || this.left-- <= 0) return false;
    if (!Array.isArray(value) && Object.hasOwn(value, name) && this.from(value[name], at + 1)) {
      return true;
    }
    return Object.values(value).some((item) => this.deep(item, name, at, depth + 1));
  }
}

/** True when a scalar in the value, at any depth, or a name of a map passes the test. */
export function someText(value: Data, test: (text: string) => boolean): boolean {
  let left = visitLimit;
  const visit = (item: Data, depth: number): boolean => {
    if (left-- <= 0 || depth > structureDepthLimit) return false;
    if (typeof item !== 'object' || item === null) {
      const text = textOf(item);
      return text !== undefined && test(text);
    }
    if (Array.isArray(item)) return item.some((element) => visit(element, depth + 1));
    return Object.entries(item).some(([name, inner]) => test(name) || visit(inner, depth + 1));
  };
  return visit(value, 0);
}
