/** Nodes on which nothing is read, as the API server knows them: said once, and when it is over. */
import { pause } from '../../cluster/access/index.ts';
import type { TargetsSummary } from '../../serve/api.ts';
import { coloured } from '../colours.ts';
import type { CliContext } from '../context.ts';

const lookEveryMs = 5000;
const askMs = 5000;

export interface SilentNodesOptions {
  /** Where the page answers on this machine. */
  readonly port: number;
  readonly token: string;
  readonly everyMs?: number;
}

/** Returns when the signal aborts. While nobody answers nothing is said: the tunnel does that. */
export async function watchSilentNodes(
  context: Pick<CliContext, 'stderr' | 'environment'>,
  { port, token, everyMs = lookEveryMs }: SilentNodesOptions,
  signal: AbortSignal,
): Promise<void> {
  let before: readonly string[] = [];
  const warn = (text: string) => {
    context.stderr.write(`${coloured(text, 'yellow', context.stderr, context.environment)}\n`);
  };
  while (!signal.aborted) {
    await pause(everyMs, signal).catch(() => undefined);
    const silent = await ask(port, token, signal).catch(() => undefined);
    if (silent === undefined) continue;
    for (const node of silent.filter((name) => !before.includes(name))) {
      warn(`Nothing is read on ${node}: no tapper reports from there, see the targets in the page`);
    }
    for (const node of before.filter((name) => !silent.includes(name))) {
      warn(`${node} is read again, or has no targets any more`);
    }
    before = silent;
  }
}

async function ask(port: number, token: string, signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/targets/summary`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(askMs)]),
  });
  const summary = (await response.json()) as TargetsSummary;
  return summary.silentNodes ?? [];
}
