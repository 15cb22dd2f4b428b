/** Keeps the DaemonSet on the nodes with targets. */
import type { V1Affinity } from '@kubernetes/client-node';
import type { ClusterApi } from '../cluster/access/index.ts';
import { tapperAffinity } from '../cluster/objects/index.ts';

const retryMs = 3000;

export interface TapperNodesOptions {
  readonly api: Pick<ClusterApi, 'merge'>;
  readonly namespace: string;
  readonly daemonSet: string;
  readonly wanted: V1Affinity | null;
  readonly onNotice: (text: string) => void;
  readonly retryMs?: number;
}

export class TapperNodes {
  readonly #options: TapperNodesOptions;
  #wanted: readonly string[] | undefined;
  #done = '';
  #busy = false;
  #failed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: TapperNodesOptions) {
    this.#options = options;
  }

  get nodes(): readonly string[] {
    return this.#wanted ?? [];
  }

  /** From now on tappers run on exactly these. */
  set(nodes: readonly string[]): void {
    this.#wanted = [...nodes].sort();
    void this.#patch();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#wanted = undefined;
  }

  async #patch(): Promise<void> {
    if (this.#busy || this.#wanted === undefined) return;
    this.#busy = true;
    clearTimeout(this.#retry);
    const nodes = this.#wanted;
    const text = nodes.join();
    const { api, namespace, daemonSet, wanted, onNotice } = this.#options;
    try {
      if (text !== this.#done || text === '') {
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

/**
 * The affinity is part of the pods' template: with rolling updates each change of it would replace
 * every tapper, and their streams would be lost. Pods on nodes that no longer fit go all the same.
 */
function patchOf(nodes: readonly string[], wanted: V1Affinity | null) {
  return {
    spec: {
      updateStrategy: { type: 'OnDelete', rollingUpdate: null },
      template: { spec: { affinity: tapperAffinity(nodes, wanted) } },
    },
  };
}
