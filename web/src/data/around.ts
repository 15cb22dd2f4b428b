/** Pages of entries on both sides of a place in the store. */
import { formatId } from '../../../src/entry/id.ts';
import type { EntriesPage } from '../../../src/serve/api.ts';
import { api } from './api.ts';

export interface Around {
  readonly older: EntriesPage;
  readonly newer: EntriesPage;
}

type Query = Omit<Parameters<typeof api.entries>[0], 'before' | 'after'>;

/** `place`: an id that no entry has. */
export async function entriesAround(query: Query, place: string): Promise<Around> {
  const [older, newer] = await Promise.all([
    api.entries({ ...query, before: place }),
    api.entries({ ...query, after: place }),
  ]);
  return { older, newer };
}

/** Ids begin with the time in microseconds: this one stands just before the first entry of a time, ms. */
export function placeOfTime(at: number): string {
  return formatId(Math.floor(at * 1_000), 0);
}

/** Undefined when the entry is not among what is asked for. */
export async function entriesAroundEntry(query: Query, id: string): Promise<Around | undefined> {
  const placeBefore = (BigInt(`0x${id}`) - 1n).toString(16).padStart(id.length, '0');
  const around = await entriesAround(query, placeBefore);
  return around.newer.entries[0]?.id === id ? around : undefined;
}
