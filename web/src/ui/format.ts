/** Numbers, times and sizes as people read them: short, with the exact value for tooltips. */

const twoDigits = (n: number) => String(n).padStart(2, '0');

/** `12:31:07.221`, local time. */
export function clockTime(timestamp: number): string {
  const at = new Date(timestamp);
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}:${twoDigits(at.getSeconds())}.${ms}`;
}

/** `12:31:07` */
export function clockSeconds(timestamp: number): string {
  return clockTime(timestamp).slice(0, 8);
}

/** `Tue 24 Nov 2026, 12:31:07.221512 (Europe/Berlin, UTC+01:00)`, with microseconds. */
export function exactTime(timestamp: number): string {
  const at = new Date(timestamp);
  const day = at.toLocaleDateString('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
  const micros = String(Math.round((timestamp % 1) * 1_000)).padStart(3, '0');
  const offset = -at.getTimezoneOffset();
  const hours = twoDigits(Math.floor(Math.abs(offset) / 60));
  const zone = `UTC${offset < 0 ? '-' : '+'}${hours}:${twoDigits(Math.abs(offset) % 60)}`;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${day}, ${clockTime(timestamp)}${micros} (${name}, ${zone})`;
}

/** `0.42 ms`, `8 ms`, `812 ms`, `1.94 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 0.995) return `${ms.toFixed(2)} ms`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

const kilobyte = 1_000;
const mebibyte = 1_048_576;
const gibibyte = 1_073_741_824;

/** `220 B`, `1.2 kB`, `1 MiB`, `4.8 MiB`, `1.5 GiB`: limits are powers of two, so large sizes are as well. */
export function bytes(size: number): string {
  if (size < kilobyte) return `${size} B`;
  if (size < kilobyte * 999.5) return `${short(size / kilobyte)} kB`;
  if (size < gibibyte) return `${short(size / mebibyte)} MiB`;
  return `${short(size / gibibyte)} GiB`;
}

/** Two digits or more: `0.95`, `1`, `1.2`, `48`. */
function short(value: number): string {
  const digits = value < 0.995 ? 2 : value < 9.95 ? 1 : 0;
  return value.toFixed(digits).replace(/\.0$/, '');
}

/** The largest short number that is not above `ms`: a query made with it finds this one as well. */
export function atLeast(ms: number): number {
  const digits = ms < 0.01 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0;
  const step = 10 ** -digits;
  const nearest = Number(ms.toFixed(digits));
  return nearest <= ms ? nearest : Math.max(0, Number((nearest - step).toFixed(digits)));
}

/** `1,204`, whatever the machine's language, so that all of the page agrees. */
export function integer(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

/** `1,204 bytes` */
export function exactBytes(size: number): string {
  return `${integer(size)} ${size === 1 ? 'byte' : 'bytes'}`;
}

/** Rates for the status bar: `0`, `987`, `38 k`, `1.2 M`. */
export function rate(perSecond: number): string {
  if (perSecond < 10_000) return integer(perSecond);
  if (perSecond < 999_500) return `${Math.round(perSecond / 1_000)} k`;
  return `${(perSecond / 1_000_000).toFixed(1)} M`;
}

/** `1 entry`, `3 entries`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${integer(n)} ${n === 1 ? one : many}`;
}

/** Characters that are always shown at the end of a path, and of what is shorter or no path. */
const tailLength = 18;
const shortTailLength = 10;
/** Whatever is shorter fits. */
const fitting = 16;

/** Splits a long text so that its middle can be cut on screen and its end stays visible. */
export function headAndTail(text: string): readonly [string, string] {
  if (text.length <= fitting) return [text, ''];
  const isLongPath = text.includes('/') && text.length > tailLength * 2;
  const tail = isLongPath ? tailLength : shortTailLength;
  return [text.slice(0, -tail), text.slice(-tail)];
}
