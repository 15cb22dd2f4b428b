import type { CommandModel, OptionModel, ProgramModel } from './model.ts';

function names(options: readonly OptionModel[]): string {
  return options.flatMap((option) => option.names).join(' ');
}

/** What follows an option that wants a value, as lines of a `case`. */
function valueCases(command: CommandModel): string[] {
  return command.options
    .filter((option) => option.value !== 'none')
    .map((option) => {
      const label = option.names.map((name) => `${command.name}:${name}`).join('|');
      if (option.choices.length > 0) {
        return `    ${label}) COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$current")); return ;;`;
      }
      if (option.value === 'file') {
        return `    ${label}) COMPREPLY=($(compgen -f -- "$current")); return ;;`;
      }
      if (option.value === 'directory') {
        return `    ${label}) COMPREPLY=($(compgen -d -- "$current")); return ;;`;
      }
      return `    ${label}) return ;;`;
    });
}

/** A completion script for bash, which needs no helper package. */
export function bashCompletion(program: ProgramModel): string {
  const lead = program.commands.map((command) => command.name).join(' ');
  const cases = program.commands.map((command) => {
    const words = [...command.choices, names(command.options)].join(' ').trim();
    return `    ${command.name}) words='${words}' ;;`;
  });
  return `# bash completion for ${program.name}; made by: ${program.name} completion bash
_${program.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  COMPREPLY=()
  case $command:$previous in
${program.commands.flatMap(valueCases).join('\n')}
  esac
  case $command in
    '') words='${lead} ${names(program.options)}' ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -o bashdefault -F _${program.name} ${program.name}
`;
}
