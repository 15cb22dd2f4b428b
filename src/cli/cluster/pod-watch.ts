/** Mizu's own pods while a session runs: tappers that do not start, an API server that is gone. */
import type { V1Pod } from '@kubernetes/client-node';
import { ClusterError, findTrouble, observe, pause } from '../../cluster/access/index.ts';
import { podSelector } from '../../cluster/objects/index.ts';
import { coloured } from '../colours.ts';
import type { ClusterSetup } from './setup.ts';
import { labelText } from './tunnel.ts';

const lookEveryMs = 5000;

/** Says once a change what keeps a tapper from running. Returns when the signal aborts. */
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
      // The reason alone tells one trouble from another: notes carry changing times.
      const key = `${where} ${trouble.reason}`;
      if (said.has(key)) continue;
      said.add(key);
      const text = `${where} does not run: ${trouble.reason} - ${trouble.note}`;
      context.stderr.write(`${coloured(text, 'yellow', context.stderr, context.environment)}\n`);
    }
  }
}

/**
 * A session's API server is a bare pod: once it is gone it does not come back.
 * @throws ClusterError when it is gone. Returns when the signal aborts.
 */
export async function watchServer(setup: ClusterSetup, signal: AbortSignal): Promise<void> {
  const { api, namespace, names } = setup;
  const reference = { kind: 'Pod', name: names.apiServer, namespace };
  while (!signal.aborted) {
    await pause(lookEveryMs, signal).catch(() => undefined);
    const pod = await api.find<V1Pod>(reference, { signal }).catch(() => 'unknown' as const);
    if (signal.aborted || pod === 'unknown') continue;
    const phase = pod?.status?.phase;
    if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) {
      throw new ClusterError('not-running', `${names.apiServer} removed`);
    }
    if (phase === 'Failed' || phase === 'Succeeded') {
      const { reason = phase, message = 'the pod has ended' } = pod.status ?? {};
      throw new ClusterError('not-running', `Mizu API Server status: ${reason} - ${message}`);
    }
  }
}
