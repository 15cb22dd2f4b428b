/** The configuration of a command; what is to say about it is said on standard error. */
import {
  type CommandName,
  type GivenOptions,
  type LoadedConfig,
  loadConfig,
} from '../config/index.ts';
import type { CliContext } from './context.ts';
import { UserError } from './errors.ts';

/** @throws UserError when something in it is wrong. */
export async function readConfig(
  context: CliContext,
  command: CommandName,
  given: GivenOptions,
): Promise<LoadedConfig> {
  const loaded = await loadConfig({ command, ...given, environment: context.environment });
  for (const notice of loaded.notices) context.stderr.write(`mizu: ${notice}\n`);
  if (loaded.errors.length > 0) throw new UserError(loaded.errors.join('\nmizu: '));
  return loaded;
}
