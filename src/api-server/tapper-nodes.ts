/** Keeps the DaemonSet on the nodes with targets. */
import { isDeepStrictEqual } from 'node:util';
import type { V1Affinity, V1DaemonSet } from '@kubernetes/client-node';
import type { ClusterApi } from '../cluster/access/index.ts';
import { tapperAffinity } from '../cluster/objects/index.ts';

const retryMs = 3000;
/** Who applies the objects again (an upgrade, `kubectl apply`) writes that no node has targets, ms. */
const lookEveryMs = 5000;

/**
 * The affinity is part of the pods' template: with rolling updates each change of it would replace
 * every tapper, and their streams would be lost. Pods on nodes that no longer fit go all the same.
 */
const strategy = 'OnDelete';
/** No list of nodes reads so. */
const unknownNodes = '?';

export interface TapperNodesOptions {
  readonly api: Pick<ClusterApi, 'merge' | 'read'>;
  readonly namespace: string;
  readonly daemonSet: string;
  readonly wanted: V1Affinity | null;
  readonly onNotice: (text: string) => void;
  readonly retryMs?: number;
  readonly lookEveryMs?: number;
}

export class TapperNodes {
  readonly #options: TapperNodesOptions;
  #wanted: readonly string[] | undefined;
  #done = unknownNodes;
  #busy = false;
  #failed = false;
  #retry: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(options: TapperNodesOptions) {
    this.#options = options;
  }

  get nodes(): readonly string[] {
    return this.#wanted ?? [];
  }

  /** From now on tappers run on exactly these. */
  set(nodes: readonly string[]): void {
    this.#wanted = [...nodes].sort();
    this.#look ??= setInterval(
      () => void this.#restore(),
      this.#options.lookEveryMs ?? lookEveryMs,
    ).unref();
    void this.#patch();
  }

  stop(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#look);
    this.#look = undefined;
    this.#wanted = undefined;
  }

  /** Patches again where somebody has written something else. */
  async #restore(): Promise<void> {
    if (this.#busy || this.#failed || this.#wanted === undefined) return;
    const { api, namespace, daemonSet, wanted } = this.#options;
    const text = this.#done;
    const reference = { kind: 'DaemonSet', namespace, name: daemonSet };
    const found = await api.read<V1DaemonSet>(reference).catch(() => undefined);
    if (found === undefined || text !== this.#done || this.#wanted?.join() !== text) return;
    const { template, updateStrategy } = found.spec ?? {};
    const isKept =
      updateStrategy?.type === strategy &&
      isDeepStrictEqual(template?.spec?.affinity, tapperAffinity(this.#wanted, wanted));
    if (isKept) return;
    this.#done = unknownNodes;
    await this.#patch();
  }

  async #patch(): Promise<void> {
    if (this.#busy || this.#wanted === undefined) return;
    this.#busy = true;
    clearTimeout(this.#retry);
    const nodes = this.#wanted;
    const text = nodes.join();
    const { api, namespace, daemonSet, wanted, onNotice } = this.#options;
    try {
      if (text !== this.#done) {
        await api.merge({ kind: 'DaemonSet', namespace, name: daemonSet }, patchOf(nodes, wanted));
      }
      this.#done = text;
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) onNotice(`the tappers' nodes cannot be set: ${(error as Error).message}`);
      this.#failed = true;
      this.#retry = setTimeout(() => void this.#patch(), this.#options.retryMs ?? retryMs).unref();
    }
    this.#busy = false;
    if (!this.#failed && this.#wanted !== undefined && this.#wanted.join() !== text) {
      await this.#patch();
    }
  }
}

function patchOf(nodes: readonly string[], wanted: V1Affinity | null) {
  return {
    spec: {
      updateStrategy: { type: strategy, rollingUpdate: null },
      template: { spec: { affinity: tapperAffinity(nodes, wanted) } },
    },
  };
}
