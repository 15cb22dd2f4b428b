/** cli: what the user typed → calls of the stages, lines for people, an exit code. */
import { CommanderError } from 'commander';
import { version } from '../version.ts';
import type { CliContext } from './context.ts';
import { asUserError, bugReport, ExitCode, UserError } from './errors.ts';
import { buildProgram, overview } from './program.ts';

/** Runs one command line (without the program's name) and returns the exit code. Never throws. */
export async function main(words: readonly string[], context: CliContext): Promise<number> {
  try {
    if (words.length === 0) {
      context.stdout.write(overview);
      return ExitCode.Ok;
    }
    context.log?.debug(`mizu ${version}: mizu ${words.join(' ')}`);
    const program = buildProgram(context);
    await program.parseAsync(helpOfUnknown(words, program), { from: 'user' });
    return ExitCode.Ok;
  } catch (error) {
    return report(error, context);
  }
}

/** `help tpa` shall be the same mistake as `tpa`; commander would show the whole help. */
function helpOfUnknown(
  words: readonly string[],
  program: ReturnType<typeof buildProgram>,
): readonly string[] {
  const [first, second] = words;
  if (first !== 'help' || second === undefined || second === 'help') return words;
  return program.commands.some((command) => command.name() === second) ? words : [second];
}

function report(error: unknown, context: CliContext): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ExitCode.Ok;
    context.stderr.write(`mizu: ${oneLine(error.message)}\n`);
    return ExitCode.Usage;
  }
  const known = asUserError(error);
  if (known instanceof UserError) {
    if (known.message !== '') context.stderr.write(`mizu: ${known.message.trimEnd()}\n`);
    return known.exitCode;
  }
  context.log?.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  context.stderr.write(bugReport(error, context.environment['MIZU_DEBUG'] === '1'));
  return ExitCode.Cannot;
}

/** Commander puts its suggestion on a second line and writes it like a sentence. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace('(Did you mean', '(did you mean')
    .trim();
}
