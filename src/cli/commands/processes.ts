import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';

/** What runs in the cluster's pods. People never type these: no help, no completion. */
export function addProcesses(program: Command, context: CliContext): void {
  const write = (line: string) => context.stderr.write(line);
  program.command('api-server', { hidden: true }).action(async () => {
    const { runApiServer, StartError } = await import('../../api-server/index.ts');
    await orStartError(StartError, runApiServer(context.environment, context.signal, write));
  });
  program.command('tapper', { hidden: true }).action(async () => {
    const { EnvironmentError, runTapper } = await import('../../tapper/index.ts');
    await orStartError(EnvironmentError, runTapper(context.environment, context.signal, write));
  });
}

async function orStartError(kind: new () => Error, running: Promise<void>): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (error instanceof kind) throw new UserError(error.message, ExitCode.Cannot);
    throw error;
  }
}
