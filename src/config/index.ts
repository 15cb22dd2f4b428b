/** config: defaults, file, environment, `--set` and flags → one typed configuration, and where each value is from. */
import type { LoadedConfig, LoadOptions } from './load.ts';

export type { CommandName } from './declare.ts';
export type { LoadedConfig, LoadOptions } from './load.ts';
export { addConfigOptions, type GivenOptions } from './options.ts';
export type { Layer, Origin } from './reading.ts';
export type { MizuConfig } from './schema.ts';

/**
 * Never throws: what is wrong is in `errors`. The readers are loaded only now, so that help and completion
 * answer at once.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const load = await import('./load.ts');
  return await load.loadConfig(options);
}
