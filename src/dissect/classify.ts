/** Names what a connection of no known protocol seems to be, for the summary of what was not shown. */
import type { Protocol, Window } from './contract.ts';

/** What there is no protocol for here, and yet is easily told. */
const starts: readonly (readonly [string, string])[] = [
  ['SSH-', 'SSH'],
  ['\u0016\u0003', 'TLS (encrypted)'],
  ['\u0017\u0003', 'TLS (encrypted)'],
];

/** A few words; unknown protocols are told apart only by having been text or binary. */
export function classify(window: Window, protocols: readonly Protocol[]): string {
  const beginning = window.latin1(0, Math.min(window.length, 16));
  for (const [start, name] of starts) if (beginning.startsWith(start)) return name;
  for (const { lookalikes = [] } of protocols) {
    for (const [start, name] of lookalikes) if (beginning.startsWith(start)) return name;
  }
  return /^[\t\r\n -~]+$/.test(beginning) ? 'unknown text protocol' : 'unknown binary protocol';
}
