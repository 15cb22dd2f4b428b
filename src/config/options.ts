/** The declaration's flags as options of a commander command. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandName, Flag, Setting } from './declare.ts';
import { type Located, longName, settings } from './schema.ts';
import { acceptText, formatted } from './values.ts';

/** What the command line said; goes into `loadConfig` as it is. */
export interface GivenOptions {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly sets: readonly string[];
  readonly configPath: string | undefined;
}

function parser(setting: Setting): (text: string, before: unknown) => unknown {
  return (text, before) => {
    // Nobody reads it, so its form does not matter either.
    if (setting.status === 'dead') return text;
    const result = acceptText(setting, text, undefined);
    if (!result.ok) throw new InvalidArgumentError(`Expected ${result.expected}.`);
    if (setting.kind !== 'list') return result.value;
    const earlier = before === setting.default ? [] : (before as readonly string[]);
    return [...earlier, ...(result.value as readonly string[])];
  };
}

function shownDefault(setting: Setting): string | undefined {
  if (setting.shown !== undefined) return setting.shown;
  const { default: value } = setting;
  if (value === undefined || value === '' || value === false) return undefined;
  return formatted(setting, value);
}

function valueOption(setting: Setting, flag: Flag, names: string): Option {
  const value = flag.value ?? 'value';
  const flags = flag.bare === undefined ? `${names} <${value}>` : `${names} [${value}]`;
  const option = new Option(flags, flag.help ?? setting.help);
  const shown = shownDefault(setting);
  // The value is commander's own business; `undefined` there would be no default at all.
  if (shown !== undefined) option.default(setting.default, shown);
  if (flag.bare !== undefined) option.preset(flag.bare);
  const words = setting.choices?.filter((word) => word !== '');
  if (words !== undefined) option.choices(words);
  // After `choices`, which brings a parser of its own that knows no synonyms.
  option.argParser(parser(setting));
  return option;
}

function optionsOf(located: Located, flag: Flag): Option[] {
  const { setting } = located;
  const long = longName(located);
  const names = `${flag.short === undefined ? '' : `-${flag.short}, `}--${long}`;
  const help = flag.help ?? setting.help;
  const options: Option[] = [];
  if (setting.kind !== 'boolean') options.push(valueOption(setting, flag, names));
  else if (flag.negated !== 'only') options.push(new Option(names, help));
  if (flag.negated === 'both')
    options.push(new Option(`--no-${long}`, `the opposite of --${long}`));
  if (flag.negated === 'only') options.push(new Option(`--no-${long}`, help));
  return options.map((option) => option.hideHelp(flag.hidden === true));
}

const setOption = () =>
  new Option('--set <name=value>', 'set any setting: tap.gui-port=8898; may be repeated')
    .argParser((text: string, before: string[]) => [...before, text])
    .default([], 'none');

/**
 * Adds the options of a command, with `--set` and `--config-path`. The function that is returned says,
 * once the command line is parsed, which were really given.
 */
export function addConfigOptions(command: Command, name: CommandName): () => GivenOptions {
  const attributes = new Map<string, string>();
  for (const located of settings) {
    const { flag } = located.setting;
    if (flag?.commands.includes(name) !== true) continue;
    for (const option of optionsOf(located, flag)) {
      command.addOption(option);
      attributes.set(option.attributeName(), located.path);
    }
  }
  command.addOption(setOption());
  command.addOption(new Option('--config-path <file>', 'the configuration file'));
  return () => {
    const values: Readonly<Record<string, unknown>> = command.opts();
    const isGiven = (attribute: string) => command.getOptionValueSource(attribute) === 'cli';
    return {
      flags: Object.fromEntries(
        [...attributes]
          .filter(([attribute]) => isGiven(attribute))
          .map(([attribute, path]) => [path, values[attribute]]),
      ),
      sets: values['set'] as readonly string[],
      configPath: isGiven('configPath') ? (values['configPath'] as string) : undefined,
    };
  };
}
