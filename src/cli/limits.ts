/** `tap.limits` of the configuration → limits. */
import type { MizuConfig } from '../config/index.ts';
import type { TapLimits } from '../limits.ts';

export function limitsOf({ tap: { limits } }: MizuConfig): TapLimits {
  return {
    pendingMs: limits.pending,
    absentMs: limits.absent,
    connections: limits.connections,
    idleMs: limits.idle,
    acknowledgedWaitMs: limits.acknowledgedWait,
    gapWaitMs: limits.gapWait,
    streamBytes: limits.streamBuffer,
    reassemblyBytes: limits.reassemblyBuffer,
    messageBytes: limits.messageBuffer,
    batchRows: limits.batchRows,
    batchBytes: limits.batchSize,
  };
}
