/** What one layer (file, environment, `--set`, flags) says. */
import type { Located } from './schema.ts';
import { type Accepted, acceptText, acceptValue, type YamlParser } from './values.ts';

export type Layer = 'default' | 'file' | 'environment' | 'set' | 'flag';

export interface Origin {
  readonly layer: Layer;
  /** For people: `/home/ann/.mizu/config.yaml:12`, `MIZU_TAP_GUI_PORT`, `--set`, `--gui-port`. */
  readonly from: string;
}

export interface Assignment {
  readonly located: Located;
  readonly value: unknown;
  readonly origin: Origin;
  /** Of a map or object: only the value at these names, the rest stays. */
  readonly inner?: readonly string[];
}

const maxShownLength = 80;

/** A value in a message: short, and never a secret. */
export function shown(located: Located, value: unknown): string {
  if (located.setting.secret === true) return '***';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}...` : text;
}

/** Collects what a layer says, and what is wrong with it. */
export class Reading {
  readonly assignments: Assignment[] = [];
  readonly errors: string[] = [];
  readonly notices: string[] = [];
  readonly yaml: YamlParser | undefined;

  constructor(yaml: YamlParser | undefined) {
    this.yaml = yaml;
  }

  text(located: Located, text: string, origin: Origin): void {
    this.#take(located, text, acceptText(located.setting, text, this.yaml), origin);
  }

  value(located: Located, value: unknown, origin: Origin): void {
    this.#take(located, value, acceptValue(located.setting, value), origin);
  }

  #take(located: Located, given: unknown, result: Accepted, origin: Origin): void {
    if (result.ok) {
      this.assignments.push({ located, value: result.value, origin });
    } else if (located.setting.status === 'dead') {
      // Nobody reads it, so its form does not matter either.
      this.assignments.push({ located, value: undefined, origin });
    } else {
      this.errors.push(refusal(located, given, result.expected, origin));
    }
  }
}

/** `--set` keeps the original's words. */
function refusal(located: Located, given: unknown, expected: string, origin: Origin): string {
  const { refused } = located.setting;
  const value = shown(located, given);
  if (refused !== undefined) return `${refused} ${value}, expected ${expected} (${origin.from})`;
  return origin.layer === 'set'
    ? `invalid value ${value} for flag name ${located.path}, expected ${expected}`
    : `invalid value ${value} for ${located.path}, expected ${expected} (${origin.from})`;
}
