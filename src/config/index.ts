/** config: defaults, file, environment, `--set` and flags → one typed configuration, and where each value is from. */
export type { CommandName } from './declare.ts';
export { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
export { addConfigOptions, type GivenOptions } from './options.ts';
export type { Layer, Origin } from './reading.ts';
export type { MizuConfig } from './schema.ts';
