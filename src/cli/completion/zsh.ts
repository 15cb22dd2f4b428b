import type { CommandModel, OptionModel, ProgramModel } from './model.ts';

/** Text within single quotes and within the colons and brackets of `_arguments`. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
}

function action(option: OptionModel): string {
  if (option.value === 'none') return '';
  if (option.choices.length > 0) return `:value:(${option.choices.join(' ')})`;
  if (option.value === 'file') return ':file:_files';
  if (option.value === 'directory') return ':directory:_files -/';
  return ':value: ';
}

function specification(option: OptionModel): string[] {
  return option.names.map((name) => `'*${name}[${quoted(option.description)}]${action(option)}'`);
}

function commandCase(command: CommandModel): string {
  const specifications = command.options.flatMap(specification);
  if (command.choices.length > 0) specifications.push(`'1:value:(${command.choices.join(' ')})'`);
  return `    ${command.name})\n      _arguments \\\n        ${specifications.join(' \\\n        ')}\n      ;;`;
}

/** A completion script for zsh, to be put into a folder of `fpath` or to be sourced. */
export function zshCompletion(program: ProgramModel): string {
  const { name } = program;
  const commands = program.commands.map(
    (command) => `    '${command.name}:${quoted(command.description)}'`,
  );
  return `#compdef ${name}
# zsh completion for ${name}; made by: ${name} completion zsh
_${name}() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments ${program.options.flatMap(specification).join(' ')}
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${program.commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}
