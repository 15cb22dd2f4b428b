import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { addConfigOptions, loadConfig } from '../../config/index.ts';
import { rootFolder } from '../../root.ts';
import { version } from '../../version.ts';
import type { CliContext } from '../context.ts';

/** `mizu version` */
export function addVersionCommand(program: Command, context: CliContext): void {
  const command = program.command('version').description('print the version of Mizu');
  const given = addConfigOptions(command, 'version');
  command.action(async () => {
    // A broken configuration is no reason to hide the version.
    const { environment } = context;
    const { config } = await loadConfig({ command: 'version', ...given(), environment });
    context.stdout.write(`${version}\n`);
    if (config.version.debug) context.stdout.write(await debugLines());
  });
}

async function debugLines(): Promise<string> {
  const commit = (await checkedOutCommit()) ?? 'unknown';
  return `commit ${commit}\nNode ${process.version}, ${process.platform} ${process.arch}\n`;
}

/** In a checkout; an image and a package have no repository beside them. */
async function checkedOutCommit(): Promise<string | undefined> {
  const git = (name: string) => readFile(new URL(`.git/${name}`, rootFolder), 'utf8');
  try {
    const head = (await git('HEAD')).trim();
    return head.startsWith('ref: ') ? (await git(head.slice(5))).trim() : head;
  } catch {
    return undefined;
  }
}
