/** What the watches may not or cannot read, each said once, as sentences for the terminal and page. */
import type { ApiError } from './api-reader.ts';

export interface Notice {
  /** Plural of the resource: `pods`. */
  readonly resource: string;
  /** Empty: the whole cluster. */
  readonly namespace: string;
  /** `refused`: rights are missing; `failing`: tried again until it works. */
  readonly kind: 'refused' | 'failing' | 'partial';
  readonly text: string;
}

/** What is missing without a resource. */
const consequences: Readonly<Record<string, string>> = {
  pods: 'addresses of pods have no names',
  services: 'addresses of services have no names',
  endpointslices: 'pods are not called by their services',
  nodes: 'names of nodes are known from their pods only',
  namespaces: 'namespaces without pods are not listed',
  replicasets: 'deployments are told by the names of their pods',
  jobs: 'pods of cron jobs are shown with their job',
};

/** Failures in a row before one is said: a connection may break. */
const failuresBeforeNotice = 3;

export class Notices {
  readonly #notices = new Map<string, Notice>();
  readonly #failures = new Map<string, number>();
  /** Called once for each. */
  onNotice: (notice: Notice) => void = () => {};

  list(): Notice[] {
    return [...this.#notices.values()];
  }

  add(notice: Notice): void {
    const key = `${notice.resource}/${notice.namespace}`;
    const known = this.#notices.get(key);
    if (known?.kind === notice.kind) return;
    this.#notices.set(key, notice);
    this.onNotice(notice);
  }

  /** Undefined: the resource can be read now. */
  trouble(resource: string, namespace: string, error: ApiError | undefined): void {
    const key = `${resource}/${namespace}`;
    if (error === undefined) {
      this.#notices.delete(key);
      this.#failures.delete(key);
      return;
    }
    const where = namespace === '' ? 'in the cluster' : `in namespace "${namespace}"`;
    const consequence = consequences[resource] ?? `${resource} are missing`;
    if (error.status === 403 || error.status === 401) {
      const text =
        error.status === 401
          ? `The API server does not accept this login: ${consequence}.`
          : `No right to list and watch ${resource} ${where}: ${consequence}.`;
      this.add({ resource, namespace, kind: 'refused', text });
      return;
    }
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (failures < failuresBeforeNotice) return;
    const text = `Cannot read ${resource} ${where} (${error.message}): new ones have no names until it works again.`;
    this.add({ resource, namespace, kind: 'failing', text });
  }
}
