/** Sizes and durations as people write them ↔ numbers. */

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  '': 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

const quantity = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)$/i;

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = quantity.exec(text.trim());
  if (match === null) return undefined;
  const unit = units[match[2]!.toLowerCase()];
  if (unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes: `200MB` is 200 million, `1MiB` is 2^20, a bare number is bytes. */
export function parseSize(text: string): number | undefined {
  return parse(text, sizeUnits);
}

/** Milliseconds: `250ms`, `5s`, `2m`, `1h`; a bare number is seconds. */
export function parseDuration(text: string): number | undefined {
  return parse(text, durationUnits);
}

/** `200MB`, `1.5GB`: decimal units, three digits, no blank. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))}${units[unit]}`;
}

/** `0.25 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(2))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1,234,567`. Not by `Intl`, whose first use costs as much as the rest of the start. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
