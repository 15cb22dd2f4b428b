/** The one declaration of Mizu's configuration: order here is the order of the template and the docs. */
import type { Branches, Group, Setting, ValuesOf } from './declare.ts';
import { cluster } from './parts/cluster.ts';
import { commands, general, others } from './parts/commands.ts';
import { tap } from './parts/tap.ts';

export const schema = { tap, ...commands, ...general, ...cluster, ...others } as const;

/** The configuration, complete and frozen: `config.tap.guiPort`. Sizes are bytes, durations milliseconds. */
export type MizuConfig = ValuesOf<typeof schema>;

export interface Located {
  /** `tap.gui-port` */
  readonly path: string;
  readonly setting: Setting;
}

function collect(branches: Branches, before: string, into: Located[]): Located[] {
  for (const [name, node] of Object.entries(branches)) {
    const path = `${before}${name}`;
    if (node.node === 'group') collect(node.children, `${path}.`, into);
    else into.push({ path, setting: node });
  }
  return into;
}

/** Every setting, in order. */
export const settings: readonly Located[] = collect(schema, '', []);

const byPath = new Map(settings.map((located) => [located.path, located]));

export function findSetting(path: string): Located | undefined {
  return byPath.get(path);
}

/** The setting or group at a path; undefined when there is none. */
export function findNode(path: string): Setting | Group | undefined {
  let branches: Branches = schema;
  let node: Setting | Group | undefined;
  for (const name of path.split('.')) {
    if (node?.node === 'setting' || !Object.hasOwn(branches, name)) return undefined;
    node = branches[name]!;
    if (node.node === 'group') branches = node.children;
  }
  return node;
}

/** `tap.gui-port` → `MIZU_TAP_GUI_PORT` */
export function environmentName(path: string): string {
  return `MIZU_${path.toUpperCase().replace(/[.-]/g, '_')}`;
}

/** `gui-port` of `--gui-port`. */
export function longName({ path, setting }: Located): string {
  return setting.flag?.long ?? path.slice(path.lastIndexOf('.') + 1);
}

/** `--gui-port`, the option that gives a setting a value; undefined when there is none. */
export function optionName(located: Located, value?: unknown): string | undefined {
  const { flag } = located.setting;
  if (flag === undefined) return undefined;
  const isNegated = flag.negated === 'only' || (flag.negated === 'both' && value === false);
  return isNegated ? `--no-${longName(located)}` : `--${longName(located)}`;
}
