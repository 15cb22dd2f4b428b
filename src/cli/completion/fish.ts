import type { OptionModel, ProgramModel } from './model.ts';

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function optionWords(option: OptionModel): string {
  const names = option.names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const value =
    option.value === 'none'
      ? ''
      : option.choices.length > 0
        ? ` -x -a ${quoted(option.choices.join(' '))}`
        : option.value === 'text'
          ? ' -x'
          : option.value === 'directory'
            ? ' -x -a "(__fish_complete_directories)"'
            : ' -r -F';
  return `${names.join(' ')}${value} -d ${quoted(option.description)}`;
}

/** A completion script for fish. */
export function fishCompletion(program: ProgramModel): string {
  const { name } = program;
  const lines = [
    `# fish completion for ${name}; made by: ${name} completion fish`,
    `complete -c ${name} -f`,
    ...program.options.map(
      (option) => `complete -c ${name} -n __fish_use_subcommand ${optionWords(option)}`,
    ),
  ];
  for (const command of program.commands) {
    lines.push(
      `complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`,
    );
    const within = `-n '__fish_seen_subcommand_from ${command.name}'`;
    for (const option of command.options) {
      lines.push(`complete -c ${name} ${within} ${optionWords(option)}`);
    }
    if (command.choices.length > 0) {
      lines.push(`complete -c ${name} ${within} -a ${quoted(command.choices.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
