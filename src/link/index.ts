/** in: batches and counters of tappers → out: the same at the API server; targets the other way */
export type { LinkAddress, LinkSecret } from './connect.ts';
export { LinkHub, type LinkHubOptions } from './hub.ts';
export type {
  CaptureReport,
  NodeFacts,
  TapperCounters,
  TapperSettings,
  Welcome,
} from './messages.ts';
export { maxNodeSockets, maxReasons } from './messages.ts';
export type { BatchOrigin, SessionCounters, TakeTapperBatch } from './session.ts';
export { TapperLink, type TapperLinkOptions } from './tapper-link.ts';
export type { TapperState } from './tapper-state.ts';
