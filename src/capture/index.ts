/**
 * in: a network card, or capture files → out: packets, one by one, as they lie in memory
 *
 * **Packet**: one frame as captured. **Source**: where packets come from; it is pulled (`read`).
 * **Damage**: what is wrong with the input, found while reading it; never thrown.
 */
export type { CaptureSource } from './capture-source.ts';
export { type FileOptions, openFiles } from './file-source.ts';
export { listInterfaces, type NetworkInterface } from './live/interfaces.ts';
export { type LiveOptions, openLive } from './live-source.ts';
export { SourceError, type SourceErrorCode } from './source-error.ts';
export type { CaptureEndpoint, CaptureTargets } from './targets.ts';
