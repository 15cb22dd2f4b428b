/** Tappers that do not start: said once a change, for as long as the session runs. */
import { findTrouble, observe, pause } from '../../cluster/access/index.ts';
import { podSelector } from '../../cluster/objects/index.ts';
import { coloured } from '../colours.ts';
import type { ClusterSetup } from './setup.ts';
import { labelText } from './tunnel.ts';

const lookEveryMs = 5000;

/** Returns when the signal aborts. */
export async function watchTappers(setup: ClusterSetup, signal: AbortSignal): Promise<void> {
  const { api, namespace, names, context } = setup;
  const labelSelector = labelText(podSelector(names.tapper));
  const said = new Set<string>();
  while (!signal.aborted) {
    await pause(lookEveryMs, signal).catch(() => undefined);
    const seen = await observe(api, { namespace, labelSelector, signal }).catch(() => undefined);
    if (seen === undefined) continue;
    const groups = seen.pods.length === 0 ? [[]] : seen.pods.map((pod) => [pod]);
    for (const pods of groups) {
      const trouble = findTrouble(names.tapper, { pods, events: seen.events });
      if (trouble === undefined) continue;
      const node = pods[0]?.spec?.nodeName;
      const where = node === undefined ? 'A tapper' : `The tapper on ${node}`;
      const text = `${where} does not run: ${trouble.reason} - ${trouble.note}`;
      if (said.has(text)) continue;
      said.add(text);
      context.stderr.write(`${coloured(text, 'yellow', context.stderr, context.environment)}\n`);
    }
  }
}
