/** Records of the book ↔ lines of its history. */
import type { AddressBook } from './address-book.ts';
import type { HistoryLine, SavedPod } from './history.ts';
import { PodRecord } from './pod-record.ts';
import { type NodeRecord, ServiceRecord } from './records.ts';

const endless = Number.POSITIVE_INFINITY;
/** JSON has no infinity. */
const saved = (to: number) => (to === endless ? null : to);
const restored = (to: number | null) => to ?? endless;

export function lineOfRecord(record: PodRecord | ServiceRecord | NodeRecord): HistoryLine {
  if (record instanceof PodRecord) return { pod: savedPod(record) };
  if (record instanceof ServiceRecord) return { service: mutable(record), to: saved(record.to) };
  return {
    node: {
      name: record.name,
      kubeletPort: record.kubeletPort,
      labels: { ...record.labels },
      to: saved(record.to),
      addresses: record.held.map(({ address, claim }) => [address, claim.from, saved(claim.to)]),
    },
  };
}

function mutable({ fact }: ServiceRecord) {
  return {
    ...fact,
    labels: { ...fact.labels },
    clusterAddresses: [...fact.clusterAddresses],
    outerAddresses: [...fact.outerAddresses],
    ports: [...fact.ports],
    nodePorts: [...fact.nodePorts],
  };
}

function savedPod(pod: PodRecord): SavedPod {
  return {
    uid: pod.uid,
    name: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    labels: { ...pod.labels },
    ...(pod.workload === undefined ? {} : { workload: pod.workload }),
    hostNetwork: pod.hostNetwork,
    from: pod.from,
    to: saved(pod.to),
    addresses: pod.addresses.map(({ address, claim }) => [address, claim.from, saved(claim.to)]),
    nodePorts: pod.nodePorts.map(({ port, claim }) => [port, claim.from, saved(claim.to)]),
    memberships: pod.memberships.map(({ service, headless, ports, from, to }) => [
      service,
      headless,
      [...ports],
      from,
      saved(to),
    ]),
  };
}

/** Brings a record back. Those still open are so until a list of the cluster says otherwise. */
export function restoreRecord(book: AddressBook, line: HistoryLine, now: number): void {
  if ('pod' in line) restorePod(book, line.pod);
  else if ('service' in line) {
    book.putService(line.service, now);
    if (line.to !== null) book.removeService(line.service.uid, line.to);
  } else if ('node' in line) {
    const { name, kubeletPort, labels, addresses, to } = line.node;
    const node = book.node(name);
    node.update({ name, kubeletPort, labels, addresses: [], createdAt: 0 });
    for (const [address, from] of addresses) book.placeNode(node, [address], from);
    if (to !== null) book.removeNode(name, to);
  }
}

function restorePod(book: AddressBook, from: SavedPod): void {
  const { uid, name, namespace, node, labels, hostNetwork } = from;
  const pod = new PodRecord({
    uid,
    name,
    namespace,
    node,
    labels,
    hostNetwork,
    phase: '',
    addresses: [],
    hostAddresses: [],
    ports: [],
    startedAt: from.from,
    deleting: false,
  });
  pod.workload = from.workload;
  pod.to = restored(from.to);
  pod.memberships = from.memberships.map(([service, headless, ports, start, to]) => ({
    service,
    headless,
    ports,
    from: start,
    to: restored(to),
  }));
  for (const [address, start, to] of from.addresses) {
    book.holdForPod(pod, address, start, restored(to));
  }
  for (const [port, start, to] of from.nodePorts) {
    book.serveOnNode(pod, port, start, restored(to));
  }
  book.addRestored(pod);
}
