/** Progress of reading a file, as a line that redraws itself on a terminal. */
import type { TapProgress } from '../tap.ts';
import { formatCount, formatDuration, formatSize } from '../units.ts';
import type { TextOutput } from './context.ts';

const barCells = 24;
/** Below this share of the input an estimate of the time left is a guess. */
const leastShare = 0.01;
const clearLine = '\r\u001b[K';

/** The line for a state: bar, share, entries, rate and time left. */
function progressLine(progress: TapProgress): string {
  const { readBytes, totalBytes, elapsedMs } = progress;
  const rate = elapsedMs > 0 ? (readBytes / elapsedMs) * 1000 : 0;
  const tail = `${formatCount(progress.entries)} entries  ${formatSize(rate)}/s`;
  if (totalBytes <= 0) return `${formatSize(readBytes)} read  ${tail}`;
  const share = Math.min(1, readBytes / totalBytes);
  const filled = Math.round(share * barCells);
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const left =
    share > leastShare && share < 1
      ? `  ${formatDuration((elapsedMs / share) * (1 - share))} left`
      : '';
  return `${bar}${percent}  ${tail}${left}`;
}

export interface ProgressBar {
  show(progress: TapProgress): void;
  /** Removes the line. */
  clear(): void;
}

/** Draws on a terminal; draws nothing anywhere else. */
export function progressBar(output: TextOutput): ProgressBar {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let drawn = false;
  return {
    show(progress) {
      const width = (output.columns || 80) - 1;
      output.write(clearLine + progressLine(progress).slice(0, width));
      drawn = true;
    },
    clear() {
      if (drawn) output.write(clearLine);
      drawn = false;
    },
  };
}
