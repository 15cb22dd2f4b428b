import type { Command } from 'commander';
import { addConfigOptions, type LoadedConfig, loadConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';

const examples = `
Examples:
  mizu config                                      the template: every setting, its default, what it is
  mizu config -r                                   write it to ~/.mizu/config.yaml
  mizu config --effective                          what is in effect, and where it comes from
  mizu config --effective --set tap.gui-port=8898
`;

/** `mizu config` */
export function addConfigCommand(program: Command, context: CliContext): void {
  const command = program
    .command('config')
    .description('print the configuration template, write it, or show what is in effect');
  const given = addConfigOptions(command, 'config');
  command.addHelpText('after', examples).action(async () => {
    const { environment } = context;
    const loaded = await loadConfig({ command: 'config', ...given(), environment });
    const { regenerate, effective } = loaded.config.config;
    // Writing the template is the remedy for a broken file, so that one does not stand in its way.
    if (regenerate) return await write(loaded.configPath, context);
    if (effective) return await show(loaded, context);
    for (const error of loaded.errors) context.stderr.write(`mizu: ${error}\n`);
    const { configTemplate } = await import('../../config/render.ts');
    context.stdout.write(configTemplate());
  });
}

async function write(path: string, { stdout }: CliContext): Promise<void> {
  const { writeTemplate } = await import('../../config/write-template.ts');
  const { copy } = await writeTemplate(path).catch((error: Error) => {
    throw new UserError(`the template cannot be written: ${error.message}`, ExitCode.Cannot);
  });
  if (copy !== undefined) stdout.write(`The file that was there is kept as ${copy}\n`);
  stdout.write(`Template File written to ${path}\n`);
}

async function show(loaded: LoadedConfig, { stdout, stderr }: CliContext): Promise<void> {
  for (const notice of loaded.notices) stderr.write(`mizu: ${notice}\n`);
  if (loaded.errors.length > 0) throw new UserError(loaded.errors.join('\nmizu: '));
  const { effectiveConfig } = await import('../../config/render.ts');
  stdout.write(effectiveConfig(loaded));
}
