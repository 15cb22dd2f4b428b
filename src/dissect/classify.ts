/** Names what a connection of no known protocol seems to be, for the summary of what was not shown. */
import type { Window } from './contract.ts';

const starts: readonly (readonly [string, string])[] = [
  ['PRI * HTTP/2', 'HTTP/2 whose frames make no sense'],
  ['SSH-', 'SSH'],
  ['AMQP', 'AMQP of a version that is not dissected'],
  ['*', 'text that looks like Redis'],
  ['\u0016\u0003', 'TLS (encrypted)'],
  ['\u0017\u0003', 'TLS (encrypted)'],
];

/** A few words; unknown protocols are told apart only by having been text or binary. */
export function classify(window: Window): string {
  const beginning = window.latin1(0, Math.min(window.length, 16));
  for (const [start, name] of starts) if (beginning.startsWith(start)) return name;
  return /^[\t\r\n -~]+$/.test(beginning) ? 'unknown text protocol' : 'unknown binary protocol';
}
