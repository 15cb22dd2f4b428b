/** The report of targets as the lines of a tree: namespaces, their workloads, their pods. */
import type { TargetedPod, Targets } from '../../../src/serve/api.ts';

export type Shown = 'all' | 'tapped' | 'not tapped';

interface Counted {
  readonly key: string;
  readonly name: string;
  readonly pods: number;
  readonly tapped: number;
  readonly isOpen: boolean;
  /** Why pods of it are not tapped; empty when all are. */
  readonly reason: string;
}

export type Line =
  | ({ readonly kind: 'namespace'; readonly namespace: string } & Counted)
  | ({ readonly kind: 'workload'; readonly namespace: string } & Counted)
  | {
      readonly kind: 'pod';
      readonly key: string;
      readonly pod: TargetedPod;
      readonly depth: number;
    };

export interface LineOptions {
  readonly shown: Shown;
  /** Only what has this text in a name. */
  readonly search: string;
  /** Keys that were opened or closed by hand. */
  readonly flipped: ReadonlySet<string>;
}

/** Namespaces of at most so many pods are open at first. */
const openUpTo = 60;

export const namespaceKey = (namespace: string) => `n/${namespace}`;
export const workloadKey = (namespace: string, workload: string) => `w/${namespace}/${workload}`;

function isShown(pod: TargetedPod, { shown, search }: LineOptions): boolean {
  if (shown !== 'all' && pod.tapped !== (shown === 'tapped')) return false;
  if (search === '') return true;
  const text = `${pod.namespace}/${pod.workload}/${pod.name} ${pod.node}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const byName = (one: { readonly name: string }, other: { readonly name: string }) =>
  one.name < other.name ? -1 : 1;

/** `deployment/cart` among others by `cart`; pods without a workload first. */
function byShortName(one: string, other: string): number {
  const [a, b] = [one, other].map((name) => name.slice(name.indexOf('/') + 1)) as [string, string];
  return a < b || (a === b && one < other) ? -1 : 1;
}

function tappedOf(pods: readonly TargetedPod[]): number {
  return pods.reduce((sum, pod) => sum + (pod.tapped ? 1 : 0), 0);
}

/** What the tree shows, in order. What is searched for is open. */
export function linesOf(targets: Targets, options: LineOptions): Line[] {
  const { search, shown, flipped } = options;
  const pods = targets.pods.filter((pod) => isShown(pod, options));
  const groups = Map.groupBy(pods, ({ namespace }) => namespace);
  const isNarrowed = search !== '' || shown !== 'all';
  const names = targets.namespaces.map(({ name }) => name);
  const lines: Line[] = [];
  for (const namespace of [...new Set([...names, ...groups.keys()])].sort()) {
    const own = groups.get(namespace) ?? [];
    if (own.length === 0 && isNarrowed) continue;
    const key = namespaceKey(namespace);
    const tapped = tappedOf(own);
    const isOpen = opensFirst(own, tapped, isNarrowed) !== flipped.has(key);
    lines.push({
      kind: 'namespace',
      key,
      namespace,
      name: namespace,
      pods: own.length,
      tapped,
      isOpen: isOpen && own.length > 0,
      reason: commonReason(own),
    });
    if (isOpen) lines.push(...workloadLines(namespace, own, options));
  }
  return lines;
}

function opensFirst(pods: readonly TargetedPod[], tapped: number, isNarrowed: boolean): boolean {
  return isNarrowed || (tapped > 0 && pods.length <= openUpTo);
}

function workloadLines(
  namespace: string,
  pods: readonly TargetedPod[],
  { search, shown, flipped }: LineOptions,
): Line[] {
  const groups = Map.groupBy(pods, ({ workload }) => workload);
  const lines: Line[] = [];
  for (const workload of [...groups.keys()].sort(byShortName)) {
    const own = groups.get(workload)!.toSorted(byName);
    // Pods made by hand stand beside the workloads.
    if (workload === '') {
      lines.push(...own.map((pod) => podLine(pod, 1)));
      continue;
    }
    const key = workloadKey(namespace, workload);
    const tapped = tappedOf(own);
    const differ = tapped > 0 && tapped < own.length;
    const isOpen = (differ || search !== '' || shown === 'not tapped') !== flipped.has(key);
    lines.push({
      kind: 'workload',
      key,
      namespace,
      name: workload,
      pods: own.length,
      tapped,
      isOpen,
      reason: commonReason(own),
    });
    if (isOpen) lines.push(...own.map((pod) => podLine(pod, 2)));
  }
  return lines;
}

function podLine(pod: TargetedPod, depth: number): Line {
  return { kind: 'pod', key: `p/${pod.namespace}/${pod.name}`, pod, depth };
}

/** Why none of these pods is tapped, when there is one reason for all; else how many reasons there are. */
export function commonReason(pods: readonly TargetedPod[]): string {
  const reasons = new Set(pods.filter(({ tapped }) => !tapped).map((pod) => pod.explanation));
  if (reasons.size === 0) return '';
  const [only = ''] = reasons;
  return reasons.size === 1 ? only : `${reasons.size} reasons`;
}
