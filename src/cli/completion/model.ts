/** What completion scripts are made of: the command tree as plain data. */
import type { Command, Option } from 'commander';

type ValueKind = 'none' | 'text' | 'file' | 'directory';

export interface OptionModel {
  /** As typed: `--output`, and `-h` where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  readonly value: ValueKind;
  readonly choices: readonly string[];
}

export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  /** What the first argument may be. */
  readonly choices: readonly string[];
}

export interface ProgramModel {
  readonly name: string;
  readonly options: readonly OptionModel[];
  readonly commands: readonly CommandModel[];
}

const help: OptionModel = {
  names: ['--help', '-h'],
  description: 'show help',
  value: 'none',
  choices: [],
};

/** What an option's value is, by the word that stands for it in the help. */
function valueKind(option: Option): ValueKind {
  if (!option.required && !option.optional) return 'none';
  if (/[<[]file/.test(option.flags)) return 'file';
  if (/[<[]directory/.test(option.flags)) return 'directory';
  return 'text';
}

function describeOptions(command: Command): OptionModel[] {
  const options = command.options.filter((option) => !option.hidden);
  return [
    ...options.map((option) => ({
      names: [option.long, option.short].filter((name) => name !== undefined),
      description: option.description,
      value: valueKind(option),
      choices: option.argChoices ?? [],
    })),
    help,
  ];
}

/** The program with the `help` command, which commander keeps apart. */
export function describeProgram(program: Command): ProgramModel {
  const shown = program.createHelp().visibleCommands(program);
  const commands = program.commands
    .filter((one) => shown.includes(one))
    .map((command) => ({
      name: command.name(),
      description: command.description(),
      options: describeOptions(command),
      choices: command.registeredArguments[0]?.argChoices ?? [],
    }));
  const names = commands.map((command) => command.name);
  return {
    name: program.name(),
    options: describeOptions(program),
    commands: [
      ...commands,
      { name: 'help', description: 'show help for a command', options: [], choices: names },
    ],
  };
}
