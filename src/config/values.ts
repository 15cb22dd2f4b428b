/** What was written ↔ the value of a setting. */
import { formatSize, parseDuration, parseSize } from '../units.ts';
import type { Kind, Setting } from './declare.ts';

/** Protect against a file or variable that is something else altogether. */
const maxTextLength = 65_536;
const maxElements = 1000;
const maxDepth = 32;
const maxPort = 65_535;

export type Accepted =
  | { readonly ok: true; readonly value: unknown }
  /** `expected` completes "expected ...". */
  | { readonly ok: false; readonly expected: string };

/** Parses YAML; throws when it is none. Handed in, so that only who needs the parser loads it. */
export type YamlParser = (text: string) => unknown;

const accepted = (value: unknown): Accepted => ({ ok: true, value });

/** As people and Go's ParseBool write them. */
const truths: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  true: true,
  yes: true,
  on: true,
  '0': false,
  f: false,
  false: false,
  no: false,
  off: false,
};

/** `at least 1s, at most 1h`; empty when there are no limits. */
export function range(setting: Setting): string {
  const { least, most } = setting;
  if (setting.kind === 'number' && most === maxPort) return `${least} to ${most}`;
  const limits = [
    least === undefined ? '' : `at least ${formatted(setting, least)}`,
    most === undefined ? '' : `at most ${formatted(setting, most)}`,
  ];
  return limits.filter((limit) => limit !== '').join(', ');
}

/** What a value must look like, for messages. */
export function expectation(setting: Setting): string {
  const { kind, least, most } = setting;
  const limits = range(setting) === '' ? '' : `, ${range(setting)}`;
  if (kind === 'number' && most === maxPort) {
    return `a port number, ${range(setting)}${least === 0 ? ' (0: any free port)' : ''}`;
  }
  const texts: Readonly<Record<Kind, string>> = {
    text: setting.pattern?.expected ?? 'a text',
    number: `a whole number${limits}`,
    boolean: 'true or false',
    size: `a size such as ${(most ?? Number.POSITIVE_INFINITY) < 1e8 ? '64kB or 1MiB' : '200MB'}${limits}`,
    duration: `a duration such as 30s or 5m${limits}`,
    choice: `one of ${setting.choices?.filter((word) => word !== '').join(', ')}`,
    list: 'a list of texts',
    map: 'names with texts, a=b,c=d',
    object: 'a YAML object',
    objects: 'a list of YAML objects',
  };
  return texts[kind];
}

function ranged(setting: Setting, value: number | undefined): Accepted {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = setting;
  if (value !== undefined && Number.isSafeInteger(value) && value >= least && value <= most) {
    return accepted(value);
  }
  return { ok: false, expected: expectation(setting) };
}

function word(setting: Setting, text: string): Accepted {
  const refused: Accepted = { ok: false, expected: expectation(setting) };
  if (text.length > maxTextLength) return { ok: false, expected: 'a shorter text' };
  if (setting.kind === 'text') {
    return setting.pattern === undefined || setting.pattern.matches.test(text)
      ? accepted(text)
      : refused;
  }
  const lower = text.toLowerCase();
  const chosen =
    setting.choices?.find((choice) => choice.toLowerCase() === lower) ?? setting.synonyms?.[lower];
  return chosen === undefined ? refused : accepted(chosen);
}

function texts(setting: Setting, elements: readonly unknown[]): Accepted {
  const plain = elements.every((element) => isScalar(element));
  if (!plain || elements.length > maxElements) {
    return { ok: false, expected: expectation(setting) };
  }
  return accepted(elements.map(String));
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether free YAML is plain and shallow enough to be handed on and frozen. */
function isPlain(value: unknown, depth = 0): boolean {
  if (value === null || isScalar(value)) return true;
  if (depth >= maxDepth || typeof value !== 'object') return false;
  const inner = Object.values(value);
  return inner.length <= maxElements && inner.every((each) => isPlain(each, depth + 1));
}

function structure(setting: Setting, value: unknown): Accepted {
  const refused: Accepted = { ok: false, expected: expectation(setting) };
  if (!isPlain(value)) return refused;
  if (setting.kind === 'objects') {
    return Array.isArray(value) && value.every(isObject) ? accepted(value) : refused;
  }
  if (!isObject(value)) return refused;
  if (setting.kind === 'object') return accepted(value);
  const entries = Object.entries(value);
  if (!entries.every(([, each]) => isScalar(each))) return refused;
  return accepted(Object.fromEntries(entries.map(([name, each]) => [name, String(each)])));
}

/** A value as YAML or a program gives it. Numbers of a size are bytes, of a duration seconds. */
export function acceptValue(setting: Setting, value: unknown): Accepted {
  switch (setting.kind) {
    case 'list':
      return texts(setting, Array.isArray(value) ? value : [value]);
    case 'map':
    case 'object':
    case 'objects':
      return structure(setting, value);
    case 'boolean':
      if (typeof value === 'boolean') return accepted(value);
      break;
    case 'number':
    case 'size':
      if (typeof value === 'number') return ranged(setting, value);
      break;
    case 'duration':
      if (typeof value === 'number') return ranged(setting, Math.round(value * 1000));
      break;
  }
  if (isScalar(value)) return acceptText(setting, String(value), undefined);
  return { ok: false, expected: expectation(setting) };
}

function splitList(setting: Setting, text: string): string[] {
  if (setting.commas === 'kept') return [text];
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

function pairs(setting: Setting, text: string): Accepted {
  const found: [string, string][] = [];
  for (const pair of splitList(setting, text)) {
    const at = pair.indexOf('=');
    if (at <= 0) return { ok: false, expected: expectation(setting) };
    found.push([pair.slice(0, at), pair.slice(at + 1)]);
  }
  return structure(setting, Object.fromEntries(found));
}

function yamlValue(setting: Setting, text: string, yaml: YamlParser): Accepted {
  try {
    return acceptValue(setting, yaml(text));
  } catch {
    return { ok: false, expected: expectation(setting) };
  }
}

/** A value as the command line or the environment gives it. */
export function acceptText(setting: Setting, text: string, yaml: YamlParser | undefined): Accepted {
  const written = text.trim();
  switch (setting.kind) {
    case 'text':
    case 'choice':
      return word(setting, text);
    case 'boolean': {
      const value = truths[written.toLowerCase()];
      return value === undefined ? { ok: false, expected: expectation(setting) } : accepted(value);
    }
    case 'number':
      return ranged(setting, /^\d+$/.test(written) ? Number(written) : undefined);
    case 'size':
      return ranged(setting, parseSize(written));
    case 'duration':
      return ranged(setting, parseDuration(written));
    case 'list':
      return yaml !== undefined && /^\[.*\]$/s.test(written)
        ? yamlValue(setting, written, yaml)
        : texts(setting, splitList(setting, text));
    case 'map':
      return yaml !== undefined && /^\{.*\}$/s.test(written)
        ? yamlValue(setting, written, yaml)
        : pairs(setting, text);
    case 'object':
    case 'objects':
      return yaml === undefined
        ? { ok: false, expected: expectation(setting) }
        : yamlValue(setting, written, yaml);
  }
}

function exactSize(bytes: number): string {
  const units: [string, number][] = [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KiB', 2 ** 10],
    ['kB', 1e3],
  ];
  const fits = units.find(([, unit]) => bytes >= unit && bytes % unit === 0);
  return fits === undefined ? String(bytes) : `${bytes / fits[1]}${fits[0]}`;
}

function exactDuration(ms: number): string {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A value as it would be written in the file, before quoting: reading it gives the same value. */
export function writable(setting: Setting, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (setting.kind === 'size') return exactSize(value);
  if (setting.kind === 'duration') return exactDuration(value);
  return value;
}

/** A value in a line for people. */
export function formatted(setting: Setting, value: unknown): string {
  if (setting.kind === 'size' && typeof value === 'number' && value > 0) {
    const exact = exactSize(value);
    return /\D/.test(exact) ? exact : formatSize(value);
  }
  const written = writable(setting, value);
  if (Array.isArray(written) && written.every(isScalar)) return written.join(', ');
  return typeof written === 'object' ? JSON.stringify(written) : String(written);
}
