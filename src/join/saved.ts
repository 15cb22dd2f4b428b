/** What a join remembers, as bytes for a file: a restarted API server then knows late sightings. */
import { deserialize, serialize } from 'node:v8';
import type { SavedCalls } from './finished.ts';

/** Raised when what is saved changes. */
const savedVersion = 1;

export interface SavedJoin {
  readonly version: number;
  readonly calls: SavedCalls;
  readonly keptIds: Float64Array;
}

export function packJoin(calls: SavedCalls, keptIds: Float64Array): Buffer {
  return serialize({ version: savedVersion, calls, keptIds } satisfies SavedJoin);
}

/** Undefined for anything else: a file of another version, or damaged. */
export function unpackJoin(bytes: Uint8Array): SavedJoin | undefined {
  try {
    const saved = deserialize(bytes) as Partial<SavedJoin> | null;
    const calls = saved?.calls;
    const isWhole =
      saved?.version === savedVersion &&
      saved.keptIds instanceof Float64Array &&
      calls?.words instanceof Uint32Array &&
      calls.lengths instanceof Uint8Array &&
      calls.sourcePorts instanceof Uint16Array &&
      calls.numbers instanceof Float64Array;
    return isWhole ? (saved as SavedJoin) : undefined;
  } catch {
    return undefined;
  }
}
