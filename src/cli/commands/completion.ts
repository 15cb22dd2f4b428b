import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { describeProgram } from '../completion/model.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { CliContext } from '../context.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

const examples = `
Examples:
  source <(mizu completion bash)                                      this shell
  mizu completion bash > /etc/bash_completion.d/mizu                  all users of bash
  mizu completion zsh > "\${fpath[1]}/_mizu"                           zsh
  mizu completion fish > ~/.config/fish/completions/mizu.fish         fish
`;

/** `mizu completion SHELL`: a script made from the commands as they are. */
export function addCompletionCommand(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(shells)))
    .addHelpText('after', examples)
    .action((shell: keyof typeof shells) => {
      context.stdout.write(shells[shell](describeProgram(program)));
    });
}
