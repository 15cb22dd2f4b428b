/**
 * The limits that an operator may change, for a tap on one machine, of files and of a cluster alike: what
 * `tap.limits` of the configuration becomes. Each bounds something that grows with the traffic.
 */
import type { PipelineOptions } from './pipeline.ts';

export interface TapLimits {
  /** How long a call may wait for its answer before it is settled without one, ms. */
  readonly pendingMs: number;
  /** A tapper that has not heard of the API server for so long stops capturing, ms. */
  readonly absentMs: number;
  /** Connections that a pipeline thread follows at a time. */
  readonly connections: number;
  /** Silence after which a connection is taken for over, ms of packet time. */
  readonly idleMs: number;
  /** How long bytes that were acknowledged, and those behind a gap that nobody acknowledged, wait, ms. */
  readonly acknowledgedWaitMs: number;
  readonly gapWaitMs: number;
  /** Bytes out of order: of one stream, and of all streams of a thread. */
  readonly streamBytes: number;
  readonly reassemblyBytes: number;
  /** Unread bytes of messages in progress, all connections of a thread together. */
  readonly messageBytes: number;
  /** Rows, and bytes of texts and payloads, of one batch. */
  readonly batchRows: number;
  readonly batchBytes: number;
}

export const defaultLimits: TapLimits = {
  pendingMs: 2 * 3_600_000,
  absentMs: 3_600_000,
  connections: 100_000,
  idleMs: 3_600_000,
  acknowledgedWaitMs: 50,
  gapWaitMs: 13_000,
  streamBytes: 1 << 20,
  reassemblyBytes: 64 << 20,
  messageBytes: 64 << 20,
  batchRows: 4096,
  batchBytes: 4 << 20,
};

/** What a pipeline thread is told of them. */
export function pipelineLimits(
  limits: TapLimits,
): Pick<PipelineOptions, 'limits' | 'batchRows' | 'batchHeapBytes' | 'windowBytes'> {
  return {
    limits: {
      maxConnections: limits.connections,
      idleTimeoutMs: limits.idleMs,
      acknowledgedWaitMs: limits.acknowledgedWaitMs,
      gapWaitMs: limits.gapWaitMs,
      streamBufferBytes: limits.streamBytes,
      totalBufferBytes: limits.reassemblyBytes,
    },
    batchRows: limits.batchRows,
    batchHeapBytes: limits.batchBytes,
    windowBytes: limits.messageBytes,
  };
}
