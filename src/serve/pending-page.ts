/** A page of stored entries, and those still pending that belong on it. */
import type { StoredEntry } from '../entry/entry.ts';
import type { Page, PageRequest } from '../store/contract.ts';
import type { Matcher } from './filter-group.ts';

/** Time that filtering pending entries may take: they are few, their bodies may be large. */
const matchMsLimit = 50;

/**
 * Adds the pending entries of the page's span of ids. A page that is full then loses those farthest
 * from its cursor; they come with the next page.
 */
export function addPending(
  page: Page,
  pending: readonly StoredEntry[],
  request: PageRequest,
  matches: Matcher,
): Page {
  const forward = request.after !== undefined;
  const stored = new Set(page.entries.map(({ row }) => row.id));
  const added: StoredEntry[] = [];
  const deadline = performance.now() + matchMsLimit;
  // Nearest to the cursor first, so that what the budget leaves out is what would be cut.
  for (const entry of forward ? pending : pending.toReversed()) {
    if (added.length === request.limit || performance.now() > deadline) break;
    if (stored.has(entry.row.id) || !inSpan(entry, page, request)) continue;
    if (safely(matches, entry)) added.push(entry);
  }
  if (added.length === 0) return page;
  const entries = [...page.entries, ...added].sort((a, b) => (a.row.id < b.row.id ? -1 : 1));
  const excess = Math.max(0, entries.length - request.limit);
  return {
    ...page,
    entries: forward ? entries.slice(0, entries.length - excess) : entries.slice(excess),
    end: page.end && excess === 0,
  };
}

/** Within the bounds of the request, and not beyond what the store went through for this page. */
function inSpan({ row }: StoredEntry, page: Page, request: PageRequest): boolean {
  const { before, after, since, until } = request;
  if (before !== undefined && row.id >= before) return false;
  if (after !== undefined && row.id <= after) return false;
  if (since !== undefined && row.timestamp < since) return false;
  if (until !== undefined && row.timestamp >= until) return false;
  const edge = after === undefined ? page.entries[0] : page.entries.at(-1);
  if (page.end || edge === undefined) return true;
  return after === undefined ? row.id >= edge.row.id : row.id <= edge.row.id;
}

function safely(matches: Matcher, entry: StoredEntry): boolean {
  try {
    return matches(entry);
  } catch {
    return false;
  }
}
