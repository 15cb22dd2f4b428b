/** The last words of a tap: what was seen, what was lost, what was not understood and why. */
import type { TapSummary } from '../tap.ts';
import { formatCount, formatDuration, formatSize } from '../units.ts';

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${formatCount(count)} connections`;
}

function lossRows(summary: TapSummary): [string, string][] {
  const rows: [string, string][] = [];
  const { holes, holeBytes, dropped, shed } = summary;
  rows.push([
    'holes',
    holes === 0 ? '0' : `${formatCount(holes)} (${formatSize(holeBytes)} missing)`,
  ]);
  if (dropped > 0) rows.push(['dropped', `${formatCount(dropped)} packets by the kernel`]);
  if (summary.ignored > 0) {
    rows.push(['left out', `${formatCount(summary.ignored)} (tap.ignored-user-agents)`]);
  }
  if (shed > 0) rows.push(['given up', `${formatCount(shed)} (memory or time ran short)`]);
  return rows;
}

function savedRows({ saved }: TapSummary): [string, string][] {
  if (saved === undefined) return [];
  const lost = saved.lost > 0 ? `, ${formatCount(saved.lost)} lost` : '';
  const rows: [string, string][] = [['saved', `${formatCount(saved.packets)} packets${lost}`]];
  if (saved.failure !== '') rows.push(['', saved.failure]);
  return rows;
}

/** Aligned lines for people, each ended. */
export function summaryText(summary: TapSummary): string {
  const rows: [string, string][] = [
    [
      'packets',
      `${formatCount(summary.packets)} (${formatSize(summary.bytes)}) in ${formatDuration(summary.elapsedMs)}`,
    ],
    ['streams', formatCount(summary.streams)],
    ['entries', formatCount(summary.entries)],
    ...lossRows(summary),
    ...savedRows(summary),
  ];
  const reasons = Object.entries(summary.notUnderstood)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  for (const [i, [reason, count]] of reasons.entries()) {
    rows.push([i === 0 ? 'not understood' : '', `${connections(count)}: ${reason}`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

/** A line per place at which the input is damaged, each ended. */
export function damageText(summary: TapSummary): string {
  return summary.damage
    .map(({ file, offset, reason }) => `mizu: ${file} is damaged at byte ${offset}: ${reason}\n`)
    .join('');
}
