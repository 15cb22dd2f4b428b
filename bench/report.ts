/** What the bench prints: aligned tables, and targets as met or not met. */
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

const missed: string[] = [];

/** Prints rows under a heading, numbers to the right. */
export function table(
  heading: string,
  columns: readonly string[],
  rows: readonly string[][],
): void {
  const lines = [[...columns], ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  console.log(`\n${heading}\n`);
  for (const line of lines) {
    const cells = line.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
    );
    console.log(`  ${cells.join('  ').trimEnd()}`);
  }
}

/** Prints a line that says whether a target is met; `failed` collects the others. */
export function target(name: string, met: boolean, figure: string): void {
  console.log(`  ${met ? 'met    ' : 'NOT MET'}  ${name}: ${figure}`);
  if (!met) missed.push(`${name}: ${figure}`);
}

/** Targets that were not met so far. */
export function missedTargets(): readonly string[] {
  return missed;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** The machine and the versions that the figures hold for. */
export function printMachine(versions: Readonly<Record<string, string>>): void {
  const governor = readOptional('/proc/loadavg').split(' ')[0];
  console.log(
    `${new Date().toISOString()}  ${cpus()[0]?.model ?? '?'} × ${cpus().length}  Linux ${release()}`,
  );
  console.log(
    `load ${governor}  ${Object.entries(versions)
      .map(([name, text]) => `${name} ${text}`)
      .join('  ')}`,
  );
  console.log(
    'CPU: user + system of the whole process. RSS: peak. Both as the kernel counts them.',
  );
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '?';
  }
}
