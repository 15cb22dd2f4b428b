import type { Command } from 'commander';
import { version } from '../../version.ts';
import type { CliContext } from '../context.ts';

/** `mizu version` */
export function addVersionCommand(program: Command, context: CliContext): void {
  program
    .command('version')
    .description('print the version of Mizu')
    .action(() => {
      context.stdout.write(`${version}\n`);
    });
}
