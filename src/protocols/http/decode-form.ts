/** Queries, cookies, forms and multipart bodies → names and values. */
import type { ValueMap } from '../../dissect/contract.ts';
import type { FieldLine, NameValue } from './decode-head.ts';

/** Pairs that are taken from one query, cookie header or form. */
const maxPairs = 10_000;

/** Of so few fields one is found faster by looking at all than in a table. */
const fewFields = 32;
const noPairs: readonly NameValue[] = [];

/**
 * A map without inherited names, so that a header called `__proto__` is a name like any other. An
 * instance whose prototype is empty is much faster than an object without one.
 */
const EmptyMap = function EmptyMap() {} as unknown as new () => ValueMap;
EmptyMap.prototype = Object.create(null);

/** Name → value; a name that comes several times gets the list of its values. */
export function mapOfPairs(pairs: readonly NameValue[]): ValueMap {
  const map = new EmptyMap();
  for (const { name, value } of pairs) {
    const before = map[name];
    if (before === undefined) map[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else map[name] = [before, value];
  }
  return map;
}

/** Headers by the name as first seen, names equal in any case; repeats are joined by `, `. */
export function mapOfFields(fields: readonly FieldLine[]): ValueMap {
  const map = new EmptyMap();
  const firstNames = fields.length > fewFields ? new Map<string, string>() : undefined;
  for (let i = 0; i < fields.length; i++) {
    const { name, lower, value } = fields[i]!;
    const first = firstNames === undefined ? nameBefore(fields, lower, i) : firstNames.get(lower);
    if (first === undefined) {
      firstNames?.set(lower, name);
      map[name] = value;
    } else map[first] = `${map[first]}, ${value}`;
  }
  return map;
}

/** The first name equal to `lower` in any case among the first `count` fields. */
function nameBefore(
  fields: readonly FieldLine[],
  lower: string,
  count: number,
): string | undefined {
  for (let i = 0; i < count; i++) if (fields[i]!.lower === lower) return fields[i]!.name;
  return undefined;
}

/** `a=1&b=2` with percent and plus decoded; what cannot be decoded stays. */
export function parsePairs(text: string): readonly NameValue[] {
  if (text === '') return noPairs;
  return text
    .split('&', maxPairs)
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? { name: percentDecoded(pair), value: '' }
        : {
            name: percentDecoded(pair.slice(0, equals)),
            value: percentDecoded(pair.slice(equals + 1)),
          };
    });
}

/** Percent and plus decoded; what cannot be decoded is read as far as it can. */
export function percentDecoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
      const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
      return new TextDecoder().decode(bytes);
    });
  }
}

/** Cookies of Cookie headers: `a=1; b=2`. */
export function requestCookies(values: readonly string[]): readonly NameValue[] {
  if (values.length === 0) return noPairs;
  return values
    .flatMap((value) => value.split(';', maxPairs))
    .map(cookiePair)
    .filter((pair) => pair !== undefined);
}

/** Cookies of Set-Cookie headers, without their attributes. */
export function responseCookies(values: readonly string[]): readonly NameValue[] {
  if (values.length === 0) return noPairs;
  return values
    .map((value) => cookiePair(value.split(';', 1)[0]!))
    .filter((pair) => pair !== undefined);
}

function cookiePair(text: string): NameValue | undefined {
  const equals = text.indexOf('=');
  if (equals <= 0) return undefined;
  const value = text.slice(equals + 1).trim();
  const quoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return { name: text.slice(0, equals).trim(), value: quoted ? value.slice(1, -1) : value };
}
