/** The two ends of a call: how they are called, and everything that is known of them. */
import type { Endpoint, EntryRow } from '../../../src/entry/entry.ts';
import type { NameOrigin } from '../../../src/resolve/contract.ts';

export type EndSide = 'src' | 'dst';

/** What to call an end in a word; `Source` is its title. */
export const endTitles: Readonly<Record<EndSide, string>> = {
  src: 'Source',
  dst: 'Destination',
};

/** Name, or address and port. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.name === '' ? addressText(endpoint) : endpoint.name;
}

type Address = Pick<Endpoint, 'ip' | 'port'>;

export function addressText(address: Address): string {
  return `${hostText(address)}:${address.port}`;
}

/** The address as it stands before a port. */
export function hostText({ ip }: Pick<Address, 'ip'>): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

/** The namespace of an end, where the other end is of another one; empty where it goes without saying. */
export function foreignNamespace(row: EntryRow, side: EndSide): string {
  const { namespace, name } = row[side];
  const other = row[side === 'src' ? 'dst' : 'src'].namespace;
  if (namespace === undefined || other === undefined || name === '') return '';
  return namespace === other ? '' : namespace;
}

/** The query that finds the same end. */
export function endQuery(row: EntryRow, side: EndSide): readonly [path: string, value: string] {
  const { name, ip } = row[side];
  return name === '' ? [`${side}.ip`, ip] : [`${side}.name`, name];
}

export interface EndFact {
  readonly label: string;
  readonly value: string | number;
  /** Query path that reads exactly this value. */
  readonly path: string;
}

/** What is behind the name of an end, from the pod outwards; without what is not known. */
export function endFacts(row: EntryRow, side: EndSide): EndFact[] {
  const { ip, port, pod, service, workload, namespace, node, process } = row[side];
  const names = { service, pod, workload, namespace, node, process };
  const facts: EndFact[] = Object.entries(names).flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [{ label, value, path: `${side}.${label}` }],
  );
  facts.push({ label: 'address', value: ip, path: `${side}.ip` });
  facts.push({ label: 'port', value: port, path: `${side}.port` });
  if (side === 'dst' && row.front !== undefined) {
    facts.push({ label: 'asked for', value: row.front.ip, path: 'front.ip' });
    facts.push({ label: 'at port', value: row.front.port, path: 'front.port' });
  }
  return facts;
}

const origins: Readonly<Record<NameOrigin, string>> = {
  dns: 'a DNS answer that was heard',
  sni: 'a TLS greeting (SNI)',
  host: 'a Host header',
};

/** Where the name of something outside comes from. */
function originText(origin: NameOrigin | undefined): string {
  return origin === undefined ? 'the traffic' : origins[origin];
}

/** Who says what an end is called; empty when it has no name. */
export function nameSource({ kind, name, origin }: Endpoint): string {
  if (name === '') return '';
  if (kind === 'external') return originText(origin);
  if (kind === 'process') return 'the processes of this machine';
  return kind === undefined ? '' : 'the objects of the cluster, as they were then';
}

/** What an end is, in words, where its name alone could be misread. */
export function kindText({ kind, name, origin }: Endpoint): string {
  if (kind === 'external' && name !== '') {
    return `outside the cluster; the name comes from ${originText(origin)}`;
  }
  if (kind === 'node') return 'a node of the cluster';
  if (kind === 'kubernetes') return 'the cluster itself';
  if (kind === 'service') return 'a service; the pod behind it is not known';
  return '';
}
