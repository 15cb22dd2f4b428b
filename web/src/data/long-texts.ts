/**
 * A long body is in an entry twice: as a field that queries read, and as a section that is shown. Asked to, the
 * server sends it once, in the section; here the field gets it back.
 */
import type { ValueMap } from '../../../src/dissect/contract.ts';
import type { EntryDetails } from '../../../src/serve/api.ts';

/** Puts the texts of sections where their paths say that they are missing. */
export function restoreTexts(details: EntryDetails): EntryDetails {
  for (const side of ['request', 'response'] as const) {
    for (const section of details.sections[side]) {
      if (section.kind === 'body' && section.path !== undefined) {
        restore(details.entry, section.path.split('.'), section.content);
      }
    }
  }
  return details;
}

function restore(entry: object, steps: readonly string[], text: string): void {
  let at = entry as ValueMap;
  for (const step of steps.slice(0, -1)) {
    const next = at[step];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) return;
    at = next;
  }
  const name = steps.at(-1) ?? '';
  if (at[name] === undefined) at[name] = text;
}
