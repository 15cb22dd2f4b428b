/**
 * Label selectors as kubectl takes them, the whole grammar:
 *
 *   selector    = [ requirement *( "," requirement ) ]
 *   requirement = [ "!" ] key
 *               / key ( "=" / "==" / "!=" ) value
 *               / key ( "in" / "notin" ) "(" [ value *( "," value ) ] ")"
 *               / key ( ">" / "<" ) integer
 *
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */

/** Longest selector that is read, in characters; more is no selector of a person. */
const maxLength = 10_000;

type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

export type ParsedSelector =
  | { readonly ok: true; readonly matches: LabelTest }
  | { readonly ok: false; readonly message: string };

const everything: ParsedSelector = { ok: true, matches: () => true };

/** Parts: signs, and words in between. */
const tokenPattern = /\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)\s*/y;
const namePattern = /^(?=.{1,63}$)[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;
const prefixPattern =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const valuePattern = /^(?:(?=.{1,63}$)[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?$/;

class SelectorError extends Error {}

export function parseSelector(text: string): ParsedSelector {
  if (text.trim() === '') return everything;
  if (text.length > maxLength) return { ok: false, message: 'the selector is too long' };
  try {
    const tests = new Parser(tokensOf(text)).requirements();
    return { ok: true, matches: (labels) => tests.every((test) => test(labels)) };
  } catch (error) {
    if (error instanceof SelectorError) return { ok: false, message: error.message };
    throw error;
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const token = tokenPattern.exec(text)?.[1];
    if (token === undefined) break;
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  requirements(): LabelTest[] {
    const tests = [this.#requirement()];
    while (this.#at < this.#tokens.length) {
      this.#expect(',');
      tests.push(this.#requirement());
    }
    return tests;
  }

  #requirement(): LabelTest {
    if (this.#take('!')) {
      const key = this.#key();
      return (labels) => !Object.hasOwn(labels, key);
    }
    const key = this.#key();
    const operator = this.#tokens[this.#at];
    if (operator === undefined || operator === ',') return (labels) => Object.hasOwn(labels, key);
    this.#at++;
    switch (operator) {
      case '=':
      case '==': {
        const value = this.#value();
        return (labels) => Object.hasOwn(labels, key) && labels[key] === value;
      }
      // A missing label differs, as in Kubernetes.
      case '!=': {
        const value = this.#value();
        return (labels) => !Object.hasOwn(labels, key) || labels[key] !== value;
      }
      case 'in': {
        const values = this.#values();
        return (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? '');
      }
      case 'notin': {
        const values = this.#values();
        return (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? '');
      }
      case '<':
      case '>':
        return this.#order(key, operator);
      default:
        throw new SelectorError(
          `after ${key} comes =, ==, !=, in, notin, < or >, not "${operator}"`,
        );
    }
  }

  #order(key: string, operator: '<' | '>'): LabelTest {
    const text = this.#tokens[this.#at++] ?? '';
    if (!/^-?\d{1,15}$/.test(text)) {
      throw new SelectorError(`${operator} compares with a whole number, not "${text}"`);
    }
    const limit = Number(text);
    return (labels) => {
      const value = Object.hasOwn(labels, key) ? (labels[key] ?? '') : '';
      if (!/^-?\d{1,15}$/.test(value)) return false;
      return operator === '<' ? Number(value) < limit : Number(value) > limit;
    };
  }

  #key(): string {
    const key = this.#tokens[this.#at++] ?? '';
    const slash = key.indexOf('/');
    const isValid =
      namePattern.test(key.slice(slash + 1)) &&
      (slash < 0 || prefixPattern.test(key.slice(0, slash)));
    if (!isValid)
      throw new SelectorError(
        key === '' || key === ',' ? 'a label is missing' : `"${key}" is no label`,
      );
    return key;
  }

  #value(): string {
    const next = this.#tokens[this.#at];
    if (next === undefined || next === ',') return '';
    this.#at++;
    return checkedValue(next);
  }

  #values(): Set<string> {
    this.#expect('(');
    const values = new Set<string>();
    for (;;) {
      const next = this.#tokens[this.#at++];
      if (next === undefined)
        throw new SelectorError('the list of values has no end, ")" is missing');
      // An empty place between commas is the empty value.
      if (next === ',' || next === ')') values.add('');
      else {
        values.add(checkedValue(next));
        const separator = this.#tokens[this.#at++];
        if (separator === ')') return values;
        if (separator !== ',') {
          throw new SelectorError(`in a list of values comes "," or ")", not "${separator ?? ''}"`);
        }
        continue;
      }
      if (next === ')') return values;
    }
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (this.#take(token)) return;
    const found = this.#tokens[this.#at];
    const instead = found === undefined ? 'the selector ends' : `there is "${found}"`;
    throw new SelectorError(`"${token}" is missing, ${instead}`);
  }
}

function checkedValue(text: string): string {
  if (!valuePattern.test(text)) throw new SelectorError(`"${text}" is no value of a label`);
  return text;
}
