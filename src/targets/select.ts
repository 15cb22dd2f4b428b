/** Which pods are tapped: a selection and the pods there are → targets, and why others are none. Pure. */
import { RE2JS } from 're2js';
import type { PodFact, Workload } from '../resolve/cluster/facts.ts';
import { type LabelTest, parseSelector } from './selector.ts';
import { belongsTo, parseWorkload } from './workload.ts';

/** Longest pattern, in characters, as in the query language. */
const maxPatternLength = 1000;

/** What the user asked for; everything that is given must hold. Texts as typed. */
export interface TargetSelection {
  /** Empty with `allNamespaces` not set: none. */
  readonly namespaces: readonly string[];
  readonly allNamespaces?: boolean;
  /** Names of pods, RE2 syntax, unanchored. */
  readonly regex?: string;
  /** Labels, Kubernetes grammar. */
  readonly selector?: string;
  /** `deploy/cart`, also several with commas; a pod of any of them is a target. */
  readonly workloads?: readonly string[];
  /** Pods (`namespace/name`) that are targets whatever the rest says, in any namespace. */
  readonly include?: readonly string[];
  /** Pods (`namespace/name`) that are none. */
  readonly exclude?: readonly string[];
}

/** Why a pod is no target. The page shows `explain` of it. */
export type NotTargetedReason =
  | 'mizu'
  | 'namespace'
  | 'regex'
  | 'selector'
  | 'workload'
  | 'excluded'
  | 'not-running'
  | 'no-address'
  | 'host-network';

export interface Target {
  readonly pod: PodFact;
}

export interface NotTargeted {
  readonly pod: PodFact;
  readonly reason: NotTargetedReason;
  /** A sentence. */
  readonly explanation: string;
}

export interface TargetSet {
  /** In order of namespace and name. */
  readonly targets: readonly Target[];
  readonly notTargeted: readonly NotTargeted[];
}

/** A selection made ready, or what is wrong with it, as a sentence. */
export type CompiledSelection =
  | { readonly ok: true; readonly select: (pods: Iterable<PodFact>) => TargetSet }
  | { readonly ok: false; readonly message: string };

export function compileSelection(selection: TargetSelection): CompiledSelection {
  const labels = parseSelector(selection.selector ?? '');
  if (!labels.ok)
    return { ok: false, message: `The label selector cannot be used: ${labels.message}.` };
  const name = nameTest(selection.regex ?? '');
  if (typeof name === 'string')
    return { ok: false, message: `The pod regex cannot be used: ${name}.` };
  const workloads: Workload[] = [];
  const texts = (selection.workloads ?? []).flatMap((text) => text.split(','));
  for (const text of texts.filter((part) => part.trim() !== '')) {
    const parsed = parseWorkload(text);
    if (!parsed.ok) return { ok: false, message: `${parsed.message}.` };
    workloads.push(parsed.workload);
  }
  const chosen: Chosen = {
    namespaces: selection.allNamespaces ? undefined : new Set(selection.namespaces),
    name,
    labels: labels.matches,
    workloads,
    include: new Set(selection.include),
    exclude: new Set(selection.exclude),
  };
  return { ok: true, select: (pods) => selectFrom(pods, chosen) };
}

/** `compileSelection` for one time. Throws a sentence when the selection cannot be used. */
export function selectTargets(pods: Iterable<PodFact>, selection: TargetSelection): TargetSet {
  const compiled = compileSelection(selection);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.select(pods);
}

interface Chosen {
  /** Undefined: all. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly name: (name: string) => boolean;
  readonly labels: LabelTest;
  readonly workloads: readonly Workload[];
  readonly include: ReadonlySet<string>;
  readonly exclude: ReadonlySet<string>;
}

function nameTest(pattern: string): ((name: string) => boolean) | string {
  if (pattern === '') return () => true;
  if (pattern.length > maxPatternLength) return `a pattern may have ${maxPatternLength} characters`;
  try {
    const compiled = RE2JS.compile(pattern);
    return (name) => compiled.test(name);
  } catch (error) {
    return error instanceof Error ? error.message : 'the pattern is not valid';
  }
}

function selectFrom(pods: Iterable<PodFact>, chosen: Chosen): TargetSet {
  const targets: Target[] = [];
  const notTargeted: NotTargeted[] = [];
  for (const pod of pods) {
    const reason = reasonAgainst(pod, chosen);
    if (reason === undefined) targets.push({ pod });
    else notTargeted.push({ pod, reason, explanation: explain(pod, reason) });
  }
  targets.sort((a, b) => byPlace(a.pod, b.pod));
  notTargeted.sort((a, b) => byPlace(a.pod, b.pod));
  return { targets, notTargeted };
}

function byPlace(a: PodFact, b: PodFact): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

const managedBy = 'app.kubernetes.io/managed-by';
const createdBy = 'app.kubernetes.io/created-by';

/** Mizu's own pods: by their labels, or named as the original named them. */
export function isOfMizu({ name, labels }: PodFact): boolean {
  const isManaged = labels[managedBy] === 'mizu' || labels[createdBy]?.startsWith('mizu-');
  return isManaged === true || name.startsWith('mizu-');
}

function reasonAgainst(pod: PodFact, chosen: Chosen): NotTargetedReason | undefined {
  const place = `${pod.namespace}/${pod.name}`;
  if (isOfMizu(pod)) return 'mizu';
  const asked = chosen.include.has(place) ? undefined : notAskedFor(pod, chosen);
  if (asked !== undefined) return asked;
  if (chosen.exclude.has(place)) return 'excluded';
  if (pod.phase !== 'Running') return 'not-running';
  // Its address is the node's: reading it would read everything of the node.
  if (pod.hostNetwork) return 'host-network';
  return pod.addresses.length === 0 ? 'no-address' : undefined;
}

function notAskedFor(pod: PodFact, chosen: Chosen): NotTargetedReason | undefined {
  const { namespaces, name, labels, workloads } = chosen;
  if (namespaces !== undefined && !namespaces.has(pod.namespace)) return 'namespace';
  if (!name(pod.name)) return 'regex';
  if (!labels(pod.labels)) return 'selector';
  const isOfOne = workloads.length === 0 || workloads.some((workload) => belongsTo(pod, workload));
  return isOfOne ? undefined : 'workload';
}

const explanations: Readonly<Record<NotTargetedReason, string>> = {
  mizu: 'It is part of Mizu.',
  namespace: 'Its namespace is not chosen.',
  regex: 'Its name does not match the pattern.',
  selector: 'Its labels do not match the selector.',
  workload: 'It belongs to none of the chosen workloads.',
  excluded: 'It is excluded by name.',
  'not-running': '',
  'no-address': 'It has no address yet.',
  'host-network':
    'It uses the network of its node: its traffic cannot be told from the node’s own.',
};

function explain({ phase }: PodFact, reason: NotTargetedReason): string {
  if (reason !== 'not-running') return explanations[reason];
  return phase === 'Pending'
    ? 'It does not run yet.'
    : `It is not running (${phase || 'unknown'}).`;
}
