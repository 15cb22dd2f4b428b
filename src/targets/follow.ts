/** Keeps the targets current while pods and the selection change. */
import type { PodFact } from '../resolve/cluster/facts.ts';
import { changeOf, isEmptyChange, noTargets, type TargetChange } from './change.ts';
import {
  type CompiledSelection,
  compileSelection,
  type TargetSelection,
  type TargetSet,
} from './select.ts';

/** Pods change in swarms; the first change of one waits for so long. Tappers know within 2 s. */
const settleMs = 300;

/** Where pods come from; `ClusterNames` is one. */
export interface PodSource {
  pods(): Iterable<PodFact>;
  /** Returns what ends the subscription. */
  onPods(listener: () => void): () => void;
}

export interface FollowOptions {
  readonly source: PodSource;
  readonly selection: TargetSelection;
  /** Only called when targets came, went or moved. */
  readonly onChange: (change: TargetChange, targets: TargetSet) => void;
  readonly settleMs?: number;
}

export class TargetFollower {
  readonly #options: FollowOptions;
  readonly #unsubscribe: () => void;
  #selection: TargetSelection;
  #compiled: CompiledSelection & { ok: true };
  #current: TargetSet = noTargets;
  #timer: NodeJS.Timeout | undefined;

  /** The first targets are there at once. Throws a sentence when the selection cannot be used. */
  constructor(options: FollowOptions) {
    this.#options = options;
    this.#selection = options.selection;
    this.#compiled = compiled(options.selection);
    this.#unsubscribe = options.source.onPods(() => this.#settle());
    this.#current = this.#compiled.select(options.source.pods());
  }

  /** Targets, and the pods that are none with the reason, as of the last change. */
  get current(): TargetSet {
    return this.#current;
  }

  get selection(): TargetSelection {
    return this.#selection;
  }

  /** Another selection, from now on. Throws a sentence, and changes nothing, when it cannot be used. */
  select(selection: TargetSelection): void {
    this.#compiled = compiled(selection);
    this.#selection = selection;
    this.#update();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => this.#update(), this.#options.settleMs ?? settleMs);
  }

  #update(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#current;
    this.#current = this.#compiled.select(this.#options.source.pods());
    const change = changeOf(before, this.#current);
    if (!isEmptyChange(change)) this.#options.onChange(change, this.#current);
  }
}

function compiled(selection: TargetSelection): CompiledSelection & { ok: true } {
  const result = compileSelection(selection);
  if (!result.ok) throw new Error(result.message);
  return result;
}
