/** What of the page lives in the address: filter, time range, chosen entry. */

/** `all`: everything stored and what comes; `last`: a sliding window; `fixed`: between two times. */
export type TimeRange =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly minutes: number }
  | { readonly kind: 'fixed'; readonly since: number; readonly until: number };

export interface AddressState {
  readonly filter: string;
  readonly range: TimeRange;
  /** Id of the chosen entry; empty for none. */
  readonly entry: string;
}

const entryPattern = /^[0-9a-f]{1,64}$/;

function readRange(search: URLSearchParams): TimeRange {
  const since = Number(search.get('since') ?? Number.NaN);
  const until = Number(search.get('until') ?? Number.NaN);
  if (Number.isFinite(since) && Number.isFinite(until) && since < until) {
    return { kind: 'fixed', since, until };
  }
  const minutes = Number(search.get('last') ?? Number.NaN);
  return minutes > 0 && Number.isFinite(minutes) ? { kind: 'last', minutes } : { kind: 'all' };
}

/** Reads the state from a location's search part; what cannot be understood counts as absent. */
export function readAddress(searchText: string): AddressState {
  const search = new URLSearchParams(searchText);
  const entry = search.get('entry') ?? '';
  return {
    filter: search.get('q') ?? '',
    range: readRange(search),
    entry: entryPattern.test(entry) ? entry : '',
  };
}

/** The search part for a state: empty when there is nothing to say. */
export function writeAddress(state: AddressState): string {
  const search = new URLSearchParams();
  if (state.filter !== '') search.set('q', state.filter);
  if (state.range.kind === 'last') search.set('last', String(state.range.minutes));
  if (state.range.kind === 'fixed') {
    search.set('since', String(Math.floor(state.range.since)));
    search.set('until', String(Math.ceil(state.range.until)));
  }
  if (state.entry !== '') search.set('entry', state.entry);
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** The bounds of a range at the time `now`, ms since 1970; absent bounds are open. */
export function periodOf(range: TimeRange, now: number): { since?: number; until?: number } {
  if (range.kind === 'all') return {};
  if (range.kind === 'last') return { since: Math.floor(now - range.minutes * 60_000) };
  return { since: Math.floor(range.since), until: Math.ceil(range.until) };
}

/** A range in words: `last 15 min`. */
export function rangeText(range: TimeRange): string {
  if (range.kind === 'all') return 'all kept';
  if (range.kind === 'last') {
    if (range.minutes < 60) return `last ${range.minutes} min`;
    return `last ${range.minutes / 60} h`;
  }
  const time = (at: number) =>
    new Date(at).toLocaleTimeString(undefined, { hour12: false, timeStyle: 'medium' });
  return `${time(range.since)} – ${time(range.until)}`;
}
