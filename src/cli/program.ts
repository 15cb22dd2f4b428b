/** The command tree. */
import { Command } from 'commander';
import { version } from '../version.ts';
import { addClusterCommands } from './commands/cluster-commands.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addProcesses } from './commands/processes.ts';
import { addTapCommand } from './commands/tap.ts';
import { addVersionCommand } from './commands/version.ts';
import type { CliContext } from './context.ts';

/** What `mizu` alone prints. */
export const overview = `Mizu shows the API calls between services, live, decoded, in a browser.

  mizu tap                          the pods of a cluster, as long as the command runs
  mizu install                      the same for good; mizu view opens its page
  mizu tap --local                  this machine's traffic
  mizu tap --local --demo           the same with a demo shop to look at
  mizu tap --read capture.pcap      a capture file
  mizu tap --read capture.pcap --output jsonl

mizu --help lists all commands; mizu help tap explains one, with examples.
`;

const examples = `
Examples:
  mizu tap -n shop cart
  mizu tap --local
  mizu tap --read capture.pcap
  mizu help tap
`;

/** Every command settles its output through `context`; nothing exits the process. */
export function buildProgram(context: CliContext): Command {
  const program = new Command('mizu')
    .description('Shows the API calls between services, live, decoded, in a browser.')
    .version(version, '-v, --version', 'print the version of Mizu')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', examples)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Errors are printed once, by `main`, in one form.
      outputError: () => undefined,
    });
  addTapCommand(program, context);
  addClusterCommands(program, context);
  addDemoCommand(program, context);
  addConfigCommand(program, context);
  addCompletionCommand(program, context);
  addVersionCommand(program, context);
  addProcesses(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
