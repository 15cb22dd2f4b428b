/** Completions at the cursor: what may stand there, the likeliest first. */
import type { Completion, FieldSchema, SchemaField } from './contract.ts';
import { functionNames } from './functions.ts';
import { completionLimit } from './limits.ts';
import { quote } from './print.ts';
import { textMethods } from './schema.ts';
import { findSpot, type Spot } from './spot.ts';
import { numberIn } from './values.ts';

type Candidate = Omit<Completion, 'from' | 'to'>;

/**
 * Completions of what stands before the cursor. Each replaces `[from, to)` by `insert`.
 * `valuesSeen(path)` are values from live traffic, the most frequent first; for a map
 * (`request.headers`) its names.
 */
export function complete(
  text: string,
  cursor: number,
  schema: FieldSchema,
  valuesSeen: (path: string) => readonly string[] = () => [],
): Completion[] {
  const spot = findSpot(text, Math.max(0, Math.min(cursor, text.length)));
  const candidates = candidatesFor(spot, schema, valuesSeen);
  const { from, to, typed } = spot;
  return candidates
    .map((candidate) => ({ candidate, score: score(candidate.label, typed) }))
    .filter(({ score: points }) => points !== undefined)
    .sort((a, b) => (a.score ?? 0) - (b.score ?? 0))
    .slice(0, completionLimit)
    .map(({ candidate }) => ({ ...candidate, from, to }));
}

/** Lower is better: the beginning, the beginning of a segment, anywhere, letters in order. */
function score(label: string, typed: string): number | undefined {
  if (typed === '') return 0;
  const name = label.toLowerCase();
  const wanted = typed.toLowerCase();
  if (name.startsWith(wanted)) return 0;
  if (name.includes(`.${wanted}`) || name.includes(`"${wanted}`)) return 1;
  if (name.includes(wanted)) return 2;
  let at = 0;
  for (const letter of wanted) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return undefined;
  }
  return wanted.length > 1 ? 3 : undefined;
}

function candidatesFor(
  spot: Spot,
  schema: FieldSchema,
  valuesSeen: (path: string) => readonly string[],
): Candidate[] {
  switch (spot.expects) {
    case 'nothing':
      return [];
    case 'condition':
      return [...macros(schema), ...starters(), ...fields(schema, spot.typed)];
    case 'key':
      return unique(valuesSeen(spot.path ?? '')).map(
        (name): Candidate => ({
          insert: `${spot.path}[${quote(name)}]`,
          label: String(name),
          detail: `in ${spot.path}`,
          kind: 'field',
        }),
      );
    case 'value':
      return valuesOf(spot, schema, valuesSeen);
    case 'operator':
      return [...operatorsFor(fieldAt(schema, spot.path)), ...joiners()];
    case 'joiner':
      return joiners();
  }
}

function unique(values: readonly (string | number)[]): (string | number)[] {
  return [...new Map(values.map((value) => [String(value), value])).values()];
}

function fieldAt(schema: FieldSchema, path: string | undefined): SchemaField | undefined {
  return schema.fields.find((field) => field.path === path);
}

function macros(schema: FieldSchema): Candidate[] {
  return Object.entries(schema.macros).map(([name, text]) => ({
    insert: name,
    label: name,
    detail: text,
    kind: 'macro',
  }));
}

/** Declared paths; behind a whole path and a dot, what can be called on it. */
function fields(schema: FieldSchema, typed: string): Candidate[] {
  const byPath = new Map(schema.fields.map((field) => [field.path, field]));
  const paths = [...byPath.values()].map(
    (field): Candidate => ({
      insert: field.path,
      label: field.path,
      detail: `${field.type} · ${field.help}`,
      kind: 'field',
    }),
  );
  const parent = typed.slice(0, Math.max(0, typed.lastIndexOf('.')));
  return byPath.get(parent)?.type === 'text' ? [...paths, ...methods(parent)] : paths;
}

function methods(path: string): Candidate[] {
  const calls = textMethods.map((name) => `${path}.${name}("`);
  return [`${path}.json()`, `${path}.xml()`, ...calls].map((insert) => ({
    insert,
    label: insert.endsWith('"') ? `${insert}...")` : insert,
    kind: 'function',
  }));
}

function starters(): Candidate[] {
  return [
    { insert: 'not ', label: 'not', kind: 'keyword' },
    { insert: 'limit(', label: 'limit(n)', detail: 'entries to show at most', kind: 'function' },
  ];
}

function joiners(): Candidate[] {
  return ['and', 'or'].map((word) => ({ insert: `${word} `, label: word, kind: 'keyword' }));
}

const details: Readonly<Record<string, string>> = {
  '==': 'equals, or matches a pattern r"..."',
  '!=': 'is there and differs',
  contains: 'has this text in it',
  matches: 'matches a pattern, RE2 syntax',
  in: 'is one of a list',
};

function operatorsFor(field: SchemaField | undefined): Candidate[] {
  const names = operatorNames(field);
  return names.map((name) => {
    const detail = details[name];
    return {
      insert: `${name} `,
      label: name,
      ...(detail === undefined ? {} : { detail }),
      kind: 'operator',
    };
  });
}

function operatorNames(field: SchemaField | undefined): string[] {
  const ordered = ['<', '<=', '>', '>='];
  const texts = ['contains', 'startsWith', 'endsWith', 'matches'];
  switch (field?.type) {
    case 'number':
      return ['==', '!=', '>=', '>', '<=', '<', 'in'];
    case 'boolean':
      return ['==', '!='];
    case 'map':
      return ['contains'];
    case 'text':
      return ['==', '!=', ...texts, 'in'];
    default:
      return ['==', '!=', ...texts, 'in', ...ordered];
  }
}

function valuesOf(
  spot: Spot,
  schema: FieldSchema,
  valuesSeen: (path: string) => readonly string[],
): Candidate[] {
  const path = spot.path ?? '';
  const field = fieldAt(schema, path);
  const isNumber = field?.type === 'number';
  const seen = path === '' ? [] : valuesSeen(path);
  const values = unique([...seen, ...(field?.values ?? [])]).map((value): Candidate => {
    const number = typeof value === 'number' ? value : isNumber ? numberIn(value) : undefined;
    return { insert: quote(number ?? value), label: String(value), detail: path, kind: 'value' };
  });
  if (spot.quoted) return values;
  const constants = field?.type === 'boolean' ? ['true', 'false'] : [];
  const rest: Candidate[] = constants.map((word) => ({ insert: word, label: word, kind: 'value' }));
  if (path === 'timestamp') rest.push(...times());
  if (spot.typed !== '') rest.push(...fields(schema, spot.typed));
  return [...values, ...rest];
}

function times(): Candidate[] {
  return functionNames
    .filter((name) => name !== 'limit')
    .map((name) => {
      const argument = name === 'now' ? '()' : name === 'datetime' ? '("' : '(-';
      const detail = name === 'datetime' ? 'a date' : name === 'now' ? 'this moment' : 'ago';
      return { insert: `${name}${argument}`, label: `${name}()`, detail, kind: 'function' };
    });
}
