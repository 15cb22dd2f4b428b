/** Changing a choice of targets: pure steps from one choice to the next. */
import type { TargetChoice, TargetedPod } from '../../../src/serve/api.ts';

type PodName = Pick<TargetedPod, 'namespace' | 'name'>;

const without = (list: readonly string[], value: string) => list.filter((item) => item !== value);
const withValue = (list: readonly string[], value: string) => [...without(list, value), value];

/** The pod as `include` and `exclude` name it. */
export const podPath = ({ namespace, name }: PodName) => `${namespace}/${name}`;

export function isChosen(choice: TargetChoice, namespace: string): boolean {
  return choice.allNamespaces || choice.namespaces.includes(namespace);
}

export function addNamespace(choice: TargetChoice, namespace: string): TargetChoice {
  return { ...choice, namespaces: withValue(choice.namespaces, namespace).sort() };
}

/** Of all namespaces, leaving one out means to name the others. */
export function removeNamespace(
  choice: TargetChoice,
  namespace: string,
  known: readonly string[],
): TargetChoice {
  const chosen = choice.allNamespaces ? known : choice.namespaces;
  return { ...choice, allNamespaces: false, namespaces: without(chosen, namespace) };
}

/** A pod by its name, whatever the rest of the choice says of it. */
export function tapPod(choice: TargetChoice, pod: PodName): TargetChoice {
  const path = podPath(pod);
  const wasExcluded = choice.exclude.includes(path);
  const exclude = without(choice.exclude, path);
  return wasExcluded
    ? { ...choice, exclude }
    : { ...choice, exclude, include: withValue(choice.include, path) };
}

export function leaveOutPod(choice: TargetChoice, pod: PodName): TargetChoice {
  const path = podPath(pod);
  const wasIncluded = choice.include.includes(path);
  const include = without(choice.include, path);
  return wasIncluded
    ? { ...choice, include }
    : { ...choice, include, exclude: withValue(choice.exclude, path) };
}

/** `deployment/cart` is tapped, and of the others only those that are named too. */
export function addWorkload(choice: TargetChoice, workload: string): TargetChoice {
  return { ...choice, workloads: withValue(choice.workloads, workload) };
}

export function removeFrom(
  choice: TargetChoice,
  list: 'namespaces' | 'workloads' | 'include' | 'exclude',
  value: string,
): TargetChoice {
  return { ...choice, [list]: without(choice[list], value) };
}

/** Both taps the same pods, however they came to be. */
export function isSame(one: TargetChoice, other: TargetChoice): boolean {
  return textOf(one) === textOf(other);
}

function textOf(choice: TargetChoice): string {
  const { namespaces, allNamespaces, regex, selector, workloads, include, exclude } = choice;
  const lists = [namespaces, workloads, include, exclude].map((list) => [...list].sort());
  return JSON.stringify([allNamespaces, regex.trim(), selector.trim(), lists]);
}

/** Nothing can match: why, in words; empty when something may. */
export function whyNothing(choice: TargetChoice): string {
  if (choice.allNamespaces || choice.namespaces.length > 0 || choice.include.length > 0) return '';
  return 'No namespace is chosen: no pod would be tapped.';
}
