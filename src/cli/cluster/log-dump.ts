import type { ClusterSetup } from './setup.ts';

/** `dump-logs`: the logs of everything that ran, before it goes. */
export async function dumpLogs(_setup: ClusterSetup): Promise<void> {}
