/** The pods there are now, looked at once: for commands that only list. */
import type { ApiReader } from './api-reader.ts';
import type { PodFact } from './facts.ts';
import { listOnce } from './list-watch.ts';
import { Owners } from './owners.ts';
import { podFact } from './trim.ts';

export interface ListPodsOptions {
  /** Undefined: of the whole cluster. */
  readonly namespaces: readonly string[] | undefined;
  /** Workloads are looked up: two more lists. */
  readonly withWorkloads: boolean;
  readonly signal?: AbortSignal;
}

/** Rejects with `ApiError` when pods may not be listed; owners that may not be are guessed by name. */
export async function listPods(
  reader: ApiReader,
  { namespaces, withWorkloads, signal }: ListPodsOptions,
): Promise<PodFact[]> {
  const ending = new AbortController();
  const ended = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  const scopes = namespaces === undefined ? [''] : namespaces.map((name) => `/namespaces/${name}`);
  const owners = new Owners({
    reader,
    namespaces,
    signal: ended,
    onKnown: () => {},
    onTrouble: () => {},
  });
  try {
    const lists = scopes.map((scope) => {
      const kind = { name: 'pods', path: `/api/v1${scope}/pods` };
      return listOnce(reader, kind, podFact, ended);
    });
    const [pods] = await Promise.all([
      Promise.all(lists),
      withWorkloads ? owners.list() : undefined,
    ]);
    return pods.flat().map((pod) => {
      const workload = withWorkloads ? owners.workloadOf(pod) : undefined;
      return workload ? { ...pod, workload } : pod;
    });
  } finally {
    ending.abort();
  }
}
