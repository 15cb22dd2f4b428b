/** The pods that are tapped, as the terminal shows them: `+cart-7d9f`, later `-cart-7d9f`. */
import { RE2JS } from 're2js';
import { type ClusterApi, type ClusterObject, pause } from '../../cluster/access/index.ts';
import { apiReader } from '../../resolve/cluster/api-reader.ts';
import { Owners } from '../../resolve/cluster/owners.ts';
import { podFact } from '../../resolve/cluster/trim.ts';
import { compileSelection } from '../../targets/index.ts';
import { UserError } from '../errors.ts';

export interface PodChoice {
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly regex: string;
  readonly selector: string;
  /** `deploy/cart`; empty: any. */
  readonly workload: string;
}

type PodTest = (pod: ClusterObject) => boolean;

/**
 * The API server's own rules, so that both name the same pods.
 * @throws UserError when the choice cannot be used.
 */
export function podTest(choice: PodChoice, workloadOf?: Owners['workloadOf']): PodTest {
  checkRegex(choice.regex);
  const compiled = compileSelection({
    namespaces: choice.namespaces,
    allNamespaces: choice.namespaces.length === 0,
    regex: choice.regex,
    selector: choice.selector,
    workloads: choice.workload === '' ? [] : [choice.workload],
  });
  if (!compiled.ok) throw new UserError(compiled.message);
  return (pod) => {
    const fact = podFact(pod);
    if (fact === undefined || fact.deleting) return false;
    const workload = workloadOf?.(fact);
    const whole = workload === undefined ? fact : { ...fact, workload };
    return compiled.select([whole]).targets.length > 0;
  };
}

function checkRegex(regex: string): void {
  try {
    RE2JS.compile(regex);
  } catch (error) {
    throw new UserError(`${regex} is not a valid regex: ${(error as Error).message}`);
  }
}

export interface PodChange {
  readonly kind: 'added' | 'removed';
  readonly namespace: string;
  readonly name: string;
}

const retryMs = 5000;

/** Keeps the set of matching pods; `onChange` hears of each that comes and goes. */
export class TargetPods {
  readonly #api: ClusterApi;
  readonly #choice: PodChoice;
  #matches: PodTest;
  readonly #pods = new Map<string, PodChange>();
  readonly #versions = new Map<string | undefined, string>();
  onChange: (change: PodChange) => void = () => undefined;

  constructor(api: ClusterApi, choice: PodChoice) {
    this.#api = api;
    this.#choice = choice;
    this.#matches = podTest(choice);
  }

  get names(): readonly string[] {
    return [...this.#pods.values()].map(({ name }) => name);
  }

  /** Lists once. */
  async load(signal: AbortSignal): Promise<void> {
    if (this.#choice.workload !== '') await this.#loadOwners(signal);
    await Promise.all(this.#places().map((namespace) => this.#list(namespace, signal)));
  }

  /** Follows changes from `load` on until the signal aborts. Never throws. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#places().map((namespace) => this.#followOne(namespace, signal)));
  }

  /** Pods of a Deployment belong to its replica sets, which may have any name. */
  async #loadOwners(signal: AbortSignal): Promise<void> {
    const { namespaces } = this.#choice;
    const owners = new Owners({
      reader: apiReader(this.#api.kubeConfig),
      namespaces: namespaces.length === 0 ? undefined : namespaces,
      signal,
      onKnown: () => undefined,
      // What may not be read is told by the names.
      onTrouble: () => undefined,
    });
    await owners.list();
    this.#matches = podTest(this.#choice, (fact) => owners.workloadOf(fact));
  }

  #places(): readonly (string | undefined)[] {
    const { namespaces } = this.#choice;
    return namespaces.length === 0 ? [undefined] : namespaces;
  }

  #selection(namespace: string | undefined) {
    const { selector } = this.#choice;
    return { kind: 'Pod', namespace, labelSelector: selector === '' ? undefined : selector };
  }

  async #list(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await this.#api.list<ClusterObject>(
      this.#selection(namespace),
      {
        signal,
      },
    );
    this.#versions.set(namespace, resourceVersion);
    const there = new Set(items.map((pod) => keyOf(pod)));
    for (const [key, pod] of this.#pods) {
      if (pod.namespace === (namespace ?? pod.namespace) && !there.has(key)) this.#remove(key);
    }
    for (const pod of items) this.#update(pod);
  }

  async #followOne(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#api.watch<ClusterObject>(
          this.#selection(namespace),
          this.#versions.get(namespace) ?? '',
          ({ type, object }) => {
            const version = object.metadata?.resourceVersion;
            if (version !== undefined) this.#versions.set(namespace, version);
            if (type === 'DELETED') this.#remove(keyOf(object));
            else if (type !== 'BOOKMARK') this.#update(object);
          },
          signal,
        );
      } catch {
        await pause(retryMs, signal).catch(() => undefined);
        if (!signal.aborted) await this.#list(namespace, signal).catch(() => undefined);
      }
    }
  }

  #update(pod: ClusterObject): void {
    const key = keyOf(pod);
    if (!this.#matches(pod)) {
      this.#remove(key);
      return;
    }
    if (this.#pods.has(key)) return;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const change: PodChange = { kind: 'added', namespace, name };
    this.#pods.set(key, change);
    this.onChange(change);
  }

  #remove(key: string): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    this.#pods.delete(key);
    this.onChange({ ...pod, kind: 'removed' });
  }
}

function keyOf(pod: ClusterObject): string {
  return pod.metadata?.uid ?? '';
}
