/** What the main thread and a pipeline thread tell each other. */
import type { SourceCounters, SourceDamage } from '../capture/contract.ts';
import type { PipelineCounters, PipelineOptions } from '../pipeline.ts';

/** Where packets come from. */
export type TapSource =
  | {
      readonly kind: 'local';
      /** Empty: all interfaces. */
      readonly interfaces: readonly string[];
      readonly captureFilter: string | undefined;
      /** Mizu's own ports: left out in the kernel. */
      readonly ignorePorts: readonly number[];
    }
  | {
      readonly kind: 'files';
      readonly paths: readonly string[];
      readonly captureFilter: string | undefined;
    }
  /** A recording, played at its own pace, again and again. */
  | { readonly kind: 'recording'; readonly path: string };

export interface ThreadOptions {
  readonly source: TapSource;
  readonly pipeline: PipelineOptions;
  /** Save packets to this pcapng file as well. */
  readonly write: string | undefined;
  /** Slots of `control` below, in a `SharedArrayBuffer` of 4-byte integers. */
  readonly control: SharedArrayBuffer;
}

/** Slots of the shared control block. */
export const Control = {
  /** Batches posted and not yet given back. */
  InFlight: 0,
  /** Set to 1 to end the thread. */
  Stop: 1,
} as const;
export const controlSlots = 2;

export interface SavedPackets {
  readonly packets: number;
  readonly lost: number;
  /** A sentence when the file cannot be written any more, else empty. */
  readonly failure: string;
}

export interface ThreadCounters {
  readonly source: SourceCounters;
  readonly damage: readonly SourceDamage[];
  readonly pipeline: PipelineCounters;
  /** Rows that were dropped since the receiver was too slow. */
  readonly shedRows: number;
  /** What was saved with `--write`. */
  readonly saved: SavedPackets | undefined;
  /** CPU time of this thread so far, ms. */
  readonly cpuMs: number;
}

export type ThreadMessage =
  | { readonly type: 'batch'; readonly buffer: ArrayBuffer }
  | { readonly type: 'started'; readonly description: string }
  | { readonly type: 'counters'; readonly counters: ThreadCounters }
  | { readonly type: 'ended'; readonly counters: ThreadCounters }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
