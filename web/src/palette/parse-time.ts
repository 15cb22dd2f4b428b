/** Times as people type them. */

/** `12:31`, `12:31:07` of today, or anything `Date` reads. */
export function parseTime(text: string, now: number): number | undefined {
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(text.trim());
  if (clock === null) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : at;
  }
  const [, hours, minutes, seconds = '0', ms = '0'] = clock;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const day = new Date(now);
  const at = day.setHours(
    Number(hours),
    Number(minutes),
    Number(seconds),
    Number(ms.padEnd(3, '0')),
  );
  // A clock time later than now means yesterday's.
  return at > now ? day.setDate(day.getDate() - 1) : at;
}
