/**
 * `npm run bench`: every figure of speed and memory in one run, with how it was measured.
 *
 *   --only keepalive,short,lossy,length,live,query,http2,grpc,amqp,kafka,redis   some parts
 *   --runs N          runs of each program, the median counts (3)
 *   --seconds N       length of the live part (30)
 *   --no-tshark       leave the slow peer out
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildProgram } from '../scripts/build-program.ts';
import { compare } from './parts/compare.ts';
import { length } from './parts/length.ts';
import { live } from './parts/live.ts';
import { lossy } from './parts/lossy.ts';
import { protocol, protocolNames } from './parts/protocols.ts';
import { query } from './parts/query.ts';
import { missedTargets, printMachine } from './report.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
    tshark: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const runs = Math.max(1, Number(values.runs) || 1);
const seconds = Math.max(1, Number(values.seconds) || 30);
const options = { runs, withoutTshark: !values.tshark };

const parts: Readonly<Record<string, () => Promise<void>>> = {
  keepalive: () => compare('keepalive', { none: 60, store: 20 }, options),
  short: () => compare('short', { none: 30, store: undefined }, options),
  lossy: () => lossy(runs),
  length,
  live: () => live(seconds),
  query,
  ...Object.fromEntries(protocolNames.map((name) => [name, () => protocol(name, options)])),
};

function firstLine(command: string, ...words: string[]): string {
  return spawnSync(command, words, { encoding: 'utf8' }).stdout?.split('\n', 1)[0] ?? 'missing';
}

const chosen = values.only?.split(',') ?? Object.keys(parts);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
await buildProgram();
printMachine({ Node: process.version, tshark: firstLine('tshark', '--version') });
for (const name of chosen) {
  try {
    await parts[name]!();
  } catch (error) {
    console.log(`\n${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
const missed = missedTargets();
console.log(
  missed.length === 0 ? '\nAll targets are met.' : `\nNot met:\n  ${missed.join('\n  ')}`,
);
if (missed.length > 0) process.exitCode = 1;
