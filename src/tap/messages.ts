/** What the main thread and a pipeline thread tell each other. */
import type { SourceCounters, SourceDamage } from '../capture/contract.ts';
import type { CaptureTargets } from '../capture/index.ts';
import type { PipelineCounters, PipelineOptions } from '../pipeline.ts';
import type { HeardName } from '../resolve/index.ts';

/** Where packets come from. */
export type TapSource =
  | {
      readonly kind: 'local';
      /** Empty: all interfaces. */
      readonly interfaces: readonly string[];
      readonly captureFilter: string | undefined;
      /** Mizu's own ports: left out in the kernel. */
      readonly ignorePorts: readonly number[];
      /** What to read; without it, everything. Replaced by `PipelineThread.retarget`. */
      readonly targets?: CaptureTargets;
      /** Threads with the same number share the traffic between them. */
      readonly fanoutGroup?: number;
      readonly ringBytes?: number;
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
  /** `ShedLevel` that the main thread asks for at least. */
  Shed: 2,
} as const;
export const controlSlots = 3;

/** What the main thread sends to a pipeline thread: a batch's memory for reuse, or new targets. */
export type ThreadOrder = ArrayBuffer | { readonly targets: CaptureTargets };

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
  /** Names of addresses that were heard; before the batch with the calls that follow. */
  | { readonly type: 'names'; readonly names: readonly HeardName[] }
  | { readonly type: 'started'; readonly description: string }
  | { readonly type: 'counters'; readonly counters: ThreadCounters }
  /** New targets are in force; one for each that came. */
  | { readonly type: 'retargeted' }
  | { readonly type: 'ended'; readonly counters: ThreadCounters }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
