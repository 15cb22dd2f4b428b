/** `--set a.b=c` → assignments. */
import type { Reading } from './reading.ts';
import { findNode, findSetting, type Located } from './schema.ts';
import { didYouMean, suggestPath } from './suggest.ts';
import { acceptText } from './values.ts';

interface Target {
  readonly located: Located;
  readonly inner: readonly string[];
}

const origin = { layer: 'set', from: '--set' } as const;

/** The setting that a key means: itself, a name in a map (`labels.team`), or a group's scalar. */
function locate(key: string): Target | undefined {
  const located = findSetting(key);
  if (located !== undefined) return { located, inner: [] };
  const node = findNode(key);
  if (node?.node === 'group' && node.scalar !== undefined) return locate(`${key}.${node.scalar}`);
  for (let at = key.indexOf('.'); at > 0; at = key.indexOf('.', at + 1)) {
    const outer = findSetting(key.slice(0, at));
    const rest = key.slice(at + 1);
    if (outer === undefined || rest === '') continue;
    // Names of labels have dots of their own.
    if (outer.setting.kind === 'map') return { located: outer, inner: [rest] };
    if (outer.setting.kind === 'object') return { located: outer, inner: rest.split('.') };
  }
  return undefined;
}

/** Cuts `a.b=1,c.d=2` where a comma is followed by a setting; other commas belong to values. */
function* cut(argument: string): Generator<[string, string]> {
  let rest = argument;
  for (;;) {
    const at = rest.indexOf('=');
    const key = rest.slice(0, at).trim();
    const value = rest.slice(at + 1);
    // In a map `a=b,token=c` the second may be a name of the map; one with a dot is hardly ever.
    const isMap = locate(key)?.located.setting.kind === 'map';
    const next = [...value.matchAll(/,([a-z][\w.-]*)=/g)].find(
      (match) => locate(match[1]!) !== undefined && !(isMap && !match[1]!.includes('.')),
    );
    if (next === undefined) {
      yield [key, value];
      return;
    }
    yield [key, value.slice(0, next.index)];
    rest = value.slice(next.index + 1);
  }
}

/** The arguments by key, in order of first appearance. */
function gather(sets: readonly string[], reading: Reading): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (const argument of sets) {
    if (!argument.includes('=')) {
      reading.notices.push(
        `Ignoring set argument ${argument} (set argument format: <flag name>=<flag value>)`,
      );
      continue;
    }
    for (const [key, value] of cut(argument)) {
      const values = given.get(key);
      if (values === undefined) given.set(key, [value]);
      else values.push(value);
    }
  }
  return given;
}

function unknown(key: string): string {
  const node = findNode(key);
  if (node?.node !== 'group') return `flag "${key}" not found${didYouMean(suggestPath(key))}`;
  const [first] = Object.keys(node.children);
  return `flag "${key}" not found: it is a group of settings, such as ${key}.${first}`;
}

/** One value within a map or object. */
function readInner({ located, inner }: Target, texts: readonly string[], reading: Reading): void {
  const value = texts.at(-1)!;
  if (located.setting.kind === 'map') {
    reading.assignments.push({ located, value, inner, origin });
    return;
  }
  try {
    const parsed = reading.yaml === undefined ? value : reading.yaml(value);
    reading.assignments.push({ located, value: parsed, inner, origin });
  } catch {
    reading.errors.push(
      `invalid value ${value} for flag name ${located.path}.${inner.join('.')}, expected YAML`,
    );
  }
}

/** A key given several times is a list. */
function readSeveral(located: Located, given: readonly string[], reading: Reading): void {
  const { kind } = located.setting;
  const parts = given.map((text) => acceptText(located.setting, text, reading.yaml));
  const values = parts.flatMap((part) => (part.ok ? [part.value] : []));
  if (values.length === given.length && kind === 'list') {
    reading.value(located, values.flat(), origin);
  } else if (values.length === given.length && kind === 'map') {
    reading.value(located, Object.assign({}, ...values), origin);
  } else {
    const expected = kind === 'list' ? 'a list of texts' : 'one value';
    reading.errors.push(
      `invalid values ${given.join(',')} for flag name ${located.path}, expected ${expected}`,
    );
  }
}

export function readSetLayer(sets: readonly string[], reading: Reading): void {
  for (const [key, given] of gather(sets, reading)) {
    const target = locate(key);
    if (target === undefined) reading.errors.push(unknown(key));
    else if (target.inner.length > 0) readInner(target, given, reading);
    else if (given.length > 1) readSeveral(target.located, given, reading);
    else reading.text(target.located, given[0]!, origin);
  }
}
