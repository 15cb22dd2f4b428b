/**
 * Entry ids: 13 hexadecimal digits of microseconds since 1970, then 12 of node, thread and counter.
 * Sorting the text sorts by time.
 */

const timeDigits = 13;
const sequenceDigits = 12;
const pattern = /^[0-9a-f]{25}$/;

export interface EntryId {
  readonly idTime: number;
  readonly idSequence: number;
}

export function formatId(idTime: number, idSequence: number): string {
  return (
    idTime.toString(16).padStart(timeDigits, '0') +
    idSequence.toString(16).padStart(sequenceDigits, '0')
  );
}

/** The two halves, or undefined when the text is not an id. */
export function parseId(text: string): EntryId | undefined {
  if (!pattern.test(text)) return undefined;
  return {
    idTime: Number.parseInt(text.slice(0, timeDigits), 16),
    idSequence: Number.parseInt(text.slice(timeDigits), 16),
  };
}
