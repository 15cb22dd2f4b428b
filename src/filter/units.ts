/** Numbers with units, dates and spans of time: all become plain numbers (milliseconds, bytes). */

/** Suffixes of numbers. `m` is left out on purpose: minutes, milli and mega are all taken for it. */
export const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  B: 1,
  kB: 1_000,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};

const day = 86_400_000;

/** Functions that give a point in time so many units from now, in ms. Negative is the past. */
export const spans: Readonly<Record<string, number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: day,
  weeks: 7 * day,
  months: 30 * day,
  years: 365 * day,
};

// 10/19/2021, 6:29:02.593 PM
const american =
  /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? +(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)? ?(AM|PM)$/i;
// 2021-10-19, 2021-10-19 18:29, 2021-10-19T18:29:02.593Z, 2021-10-19T18:29:02+02:00
const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?(Z|[+-]\d{2}:?\d{2}))?)?$/i;

/** Milliseconds since 1970, or undefined. Without a zone, UTC is meant. */
export function parseDate(text: string): number | undefined {
  const trimmed = text.trim();
  const us = american.exec(trimmed);
  if (us) {
    const [, month, dayOfMonth, year, hour, minute, second, fraction, half] = us;
    if (Number(hour) < 1 || Number(hour) > 12) return undefined;
    const hours = (Number(hour) % 12) + (half?.toUpperCase() === 'PM' ? 12 : 0);
    return fromParts([year, month, dayOfMonth, String(hours), minute, second], fraction);
  }
  const match = iso.exec(trimmed);
  if (!match) return undefined;
  const [, year, month, dayOfMonth, hour, minute, second, fraction, zone] = match;
  const local = fromParts([year, month, dayOfMonth, hour, minute, second], fraction);
  if (local === undefined || zone === undefined || zone.toUpperCase() === 'Z') return local;
  const sign = zone.startsWith('-') ? -1 : 1;
  const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return local - sign * offset * 60_000;
}

function fromParts(
  parts: readonly (string | undefined)[],
  fraction: string | undefined,
): number | undefined {
  const [year, month, dayOfMonth, hour, minute, second] = parts.map((part) =>
    Number(part ?? 0),
  ) as [number, number, number, number, number, number];
  const start = new Date(Date.UTC(year, month - 1, dayOfMonth));
  const exists = start.getUTCMonth() === month - 1 && start.getUTCDate() === dayOfMonth;
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined;
  const milliseconds = fraction === undefined ? 0 : Number(fraction.padEnd(9, '0')) / 1e6;
  return start.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1_000 + milliseconds;
}
