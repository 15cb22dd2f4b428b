/**
 * Kubernetes objects as JSON → facts. What is missing or of the wrong kind becomes empty; an object
 * without a name or uid is none (undefined).
 *
 * Fields: https://kubernetes.io/docs/reference/kubernetes-api/
 */
import { canonicalAddress } from '../address.ts';
import type {
  ContainerPort,
  EndpointFact,
  Labels,
  NodeFact,
  OwnedFact,
  OwnerFact,
  PodFact,
  ServiceFact,
  SliceFact,
} from './facts.ts';

/** Longest list that is read of one object; a slice has at most 1,000 endpoints by specification. */
const maxItems = 5000;
/** Labels kept of an object; they are shown and selected by, not stored per entry. */
const maxLabels = 64;

const defaultKubeletPort = 10_250;

export type Json = Readonly<Record<string, unknown>>;
const nothing: Json = {};

export function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : nothing;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, maxItems) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function portOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && value < 65_536 ? value : 0;
}

/** RFC 3339 → ms since 1970; 0 when there is none. */
function timeOf(value: unknown): number {
  const time = Date.parse(textOf(value));
  return Number.isNaN(time) ? 0 : time;
}

const noLabels: Labels = {};

function labelsOf(metadata: Json): Labels {
  const entries = Object.entries(recordOf(metadata['labels'])).slice(0, maxLabels);
  if (entries.length === 0) return noLabels;
  return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string')) as Labels;
}

function ownerOf(metadata: Json): OwnerFact | undefined {
  const owners = listOf(metadata['ownerReferences']).map(recordOf);
  const owner = owners.find((reference) => reference['controller'] === true) ?? owners[0];
  if (owner === undefined) return undefined;
  const [kind, name, uid] = ['kind', 'name', 'uid'].map((key) => textOf(owner[key]));
  return kind && name && uid ? { kind, name, uid } : undefined;
}

function addressesOf(values: Iterable<unknown>): string[] {
  const addresses = [...values].map((value) => canonicalAddress(textOf(value)));
  return [...new Set(addresses.filter((address) => address !== undefined))];
}

const isTcp = (port: Json) => port['protocol'] === undefined || port['protocol'] === 'TCP';

function containerPorts(spec: Json): ContainerPort[] {
  // Init containers that go on running (sidecars) serve ports as well.
  const containers = [...listOf(spec['containers']), ...listOf(spec['initContainers'])];
  const ports = containers.flatMap((container) => listOf(recordOf(container)['ports']));
  return ports
    .map(recordOf)
    .filter(isTcp)
    .map((port) => ({ port: portOf(port['containerPort']), hostPort: portOf(port['hostPort']) }))
    .filter(({ port }) => port > 0)
    .map(({ port, hostPort }) => (hostPort > 0 ? { port, hostPort } : { port }));
}

/** A finished pod's address is given to the next one although the pod can still be listed. */
function endOf(status: Json): number | undefined {
  const phase = textOf(status['phase']);
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined;
  const ends = listOf(status['containerStatuses']).map((container) => {
    const terminated = recordOf(recordOf(recordOf(container)['state'])['terminated']);
    return timeOf(terminated['finishedAt']);
  });
  // Times are whole seconds, rounded down.
  return Math.max(...ends, timeOf(status['startTime'])) + 1000;
}

export function podFact(object: unknown): PodFact | undefined {
  const pod = recordOf(object);
  const [metadata, spec, status] = ['metadata', 'spec', 'status'].map((key) => recordOf(pod[key]));
  const uid = textOf(metadata!['uid']);
  if (uid === '') return undefined;
  const own = [status!['podIP'], ...listOf(status!['podIPs']).map((ip) => recordOf(ip)['ip'])];
  const host = [status!['hostIP'], ...listOf(status!['hostIPs']).map((ip) => recordOf(ip)['ip'])];
  const owner = ownerOf(metadata!);
  const endedAt = endOf(status!);
  return {
    uid,
    name: textOf(metadata!['name']),
    namespace: textOf(metadata!['namespace']),
    node: textOf(spec!['nodeName']),
    phase: textOf(status!['phase']),
    labels: labelsOf(metadata!),
    addresses: addressesOf(own),
    hostAddresses: addressesOf(host),
    hostNetwork: spec!['hostNetwork'] === true,
    ports: containerPorts(spec!),
    startedAt: timeOf(status!['startTime']) || timeOf(metadata!['creationTimestamp']),
    ...(endedAt === undefined ? {} : { endedAt }),
    deleting: textOf(metadata!['deletionTimestamp']) !== '',
    ...(owner ? { owner } : {}),
  };
}

export function serviceFact(object: unknown): ServiceFact | undefined {
  const service = recordOf(object);
  const metadata = recordOf(service['metadata']);
  const spec = recordOf(service['spec']);
  const uid = textOf(metadata['uid']);
  if (uid === '') return undefined;
  const balancer = recordOf(recordOf(service['status'])['loadBalancer']);
  const ingress = listOf(balancer['ingress']).map((item) => recordOf(item)['ip']);
  const ports = listOf(spec['ports']).map(recordOf).filter(isTcp);
  const numbers = (key: string) => ports.map((port) => portOf(port[key])).filter(Boolean);
  return {
    uid,
    name: textOf(metadata['name']),
    namespace: textOf(metadata['namespace']),
    labels: labelsOf(metadata),
    headless: spec['clusterIP'] === 'None',
    clusterAddresses: addressesOf([spec['clusterIP'], ...listOf(spec['clusterIPs'])]),
    outerAddresses: addressesOf([...listOf(spec['externalIPs']), ...ingress]),
    ports: numbers('port'),
    nodePorts: numbers('nodePort'),
    createdAt: timeOf(metadata['creationTimestamp']),
  };
}

/** The label that names a slice's service; slices without it belong to nobody we could name. */
const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';

export function sliceFact(object: unknown): SliceFact | undefined {
  const slice = recordOf(object);
  const metadata = recordOf(slice['metadata']);
  const labels = recordOf(metadata['labels']);
  const service = textOf(labels[serviceNameLabel]);
  const namespace = textOf(metadata['namespace']);
  const name = textOf(metadata['name']);
  if (service === '' || name === '' || slice['addressType'] === 'FQDN') return undefined;
  const ports = listOf(slice['ports']).map(recordOf).filter(isTcp);
  return {
    key: `${namespace}/${name}`,
    namespace,
    service,
    headless: Object.hasOwn(labels, headlessLabel),
    ports: ports.map((port) => portOf(port['port'])).filter(Boolean),
    endpoints: listOf(slice['endpoints']).map(endpointFact),
  };
}

function endpointFact(value: unknown): EndpointFact {
  const endpoint = recordOf(value);
  const target = recordOf(endpoint['targetRef']);
  const podUid = target['kind'] === 'Pod' ? textOf(target['uid']) : '';
  const addresses = addressesOf(listOf(endpoint['addresses']));
  return podUid === '' ? { addresses } : { addresses, podUid };
}

export function nodeFact(object: unknown): NodeFact | undefined {
  const node = recordOf(object);
  const metadata = recordOf(node['metadata']);
  const status = recordOf(node['status']);
  const name = textOf(metadata['name']);
  if (name === '') return undefined;
  const endpoints = recordOf(recordOf(status['daemonEndpoints'])['kubeletEndpoint']);
  return {
    name,
    addresses: addressesOf(listOf(status['addresses']).map((item) => recordOf(item)['address'])),
    kubeletPort: portOf(endpoints['Port']) || defaultKubeletPort,
    labels: labelsOf(metadata),
    createdAt: timeOf(metadata['creationTimestamp']),
  };
}

/** A ReplicaSet or Job, of which only the owner matters. */
export function ownedFact(object: unknown): OwnedFact | undefined {
  const metadata = recordOf(recordOf(object)['metadata']);
  const uid = textOf(metadata['uid']);
  if (uid === '') return undefined;
  const owner = ownerOf(metadata);
  return {
    uid,
    name: textOf(metadata['name']),
    namespace: textOf(metadata['namespace']),
    ...(owner ? { owner } : {}),
  };
}
