/** resolve/cluster: the Kubernetes API → what each address was at a time, and which pods there are. */
export type { HistoryLimits } from './address-book.ts';
export { type ApiReader, apiReader } from './api-reader.ts';
export { ClusterNames, type ClusterNamesOptions, type NodeFacts } from './cluster-names.ts';
export { type PodFact, type ServiceFact, type Workload, workloadText } from './facts.ts';
export type { Notice } from './notices.ts';
