/**
 * The kernel's part in reading only targets. Its programs are short (4,096 instructions, on older
 * kernels a fraction of that), so it is given a *cover*: a bounded number of ranges that contain every
 * target and little else. Which packets in them are of a target is decided exactly by `TargetSet`,
 * after the ring.
 */
import {
  ADDRESSES,
  all,
  any,
  atIp4Payload,
  atNetwork,
  type Condition,
  equal,
  etherType,
  IP6_HEADER_BYTES,
  ip4Carries,
  isFirstFragment,
  type NumberRange,
  never,
  not,
} from './condition.ts';
import { Code, type Instruction } from './instruction.ts';
import { IpProtocol } from './syntax.ts';

/** An address in 32-bit words, most significant first: one for IPv4, four for IPv6. */
export type AddressWords = readonly number[];

export interface TargetCover {
  readonly addresses: readonly AddressWords[];
  readonly endpoints: readonly { readonly address: AddressWords; readonly port: number }[];
  /** Ports whose TCP traffic is read whatever the address. */
  readonly ports: readonly number[];
  /** Never read; more of them than the budget has are left to what comes after the kernel. */
  readonly ignored: readonly { readonly address: AddressWords; readonly port: number }[];
  readonly budget: TargetBudget;
}

/** How many ranges of each kind the kernel is given. */
export interface TargetBudget {
  readonly ip4: number;
  readonly ip6: number;
  readonly ports: number;
  readonly ignored: number;
}

export function targetCondition(cover: TargetCover): Condition {
  const { addresses, endpoints, budget } = cover;
  const families = ([4, 6] as const).map((version) => {
    const words = version === 4 ? 1 : 4;
    const pods = addresses.filter((address) => address.length === words);
    const served = endpoints.filter(({ address }) => address.length === words);
    const wanted = [
      ...eitherSide(version, (at) => addressCondition(pods, at, budget)),
      ...portConditions(version, served, cover),
    ];
    if (wanted.length === 0) return never();
    const { type } = version === 4 ? ADDRESSES.ip : ADDRESSES.ip6;
    return all(etherType(type), any(...wanted));
  });
  const ignored = cover.ignored.slice(0, budget.ignored).map(({ address, port }) => {
    const version = address.length === 1 ? 4 : 6;
    return not(any(...ownTraffic(version, address, port)));
  });
  return all(any(...families), ...ignored);
}

/** The fewest numbers beside `values` that at most `most` ranges over them contain: the widest gaps stay open. */
export function rangesOver(values: readonly number[], most: number): NumberRange[] {
  const sorted = [...new Set(values)].sort((one, other) => one - other);
  if (sorted.length === 0) return [];
  // Neighbours are one range whatever the budget.
  const gaps = sorted
    .slice(1)
    .map((value, index) => ({ index: index + 1, width: value - sorted[index]! }))
    .filter(({ width }) => width > 1);
  const open = gaps
    .sort((one, other) => other.width - one.width)
    .slice(0, Math.max(0, most - 1))
    .map(({ index }) => index)
    .sort((one, other) => one - other);
  const starts = [0, ...open];
  return starts.map((start, index) => [
    sorted[start]!,
    sorted[(starts[index + 1] ?? sorted.length) - 1]!,
  ]);
}

type Version = 4 | 6;

/** The condition for source and destination, each at its offset; none when there is nothing to ask. */
function eitherSide(
  version: Version,
  conditionAt: (offset: number) => Condition | undefined,
): Condition[] {
  const { source, destination } = version === 4 ? ADDRESSES.ip : ADDRESSES.ip6;
  return [conditionAt(source), conditionAt(destination)].filter((found) => found !== undefined);
}

function addressCondition(
  addresses: readonly AddressWords[],
  offset: number,
  budget: TargetBudget,
): Condition | undefined {
  if (addresses.length === 0) return undefined;
  const most = addresses[0]!.length === 1 ? budget.ip4 : budget.ip6;
  return coverWords(addresses, 0, offset, most);
}

/**
 * From word to word, as long as the ways the words can go on fit into the budget; where they do not,
 * ranges over this word alone, whatever follows it.
 */
function coverWords(
  addresses: readonly AddressWords[],
  word: number,
  offset: number,
  most: number,
): Condition {
  const load = atNetwork(Code.LoadWordAtX, offset + word * 4);
  const groups = Map.groupBy(addresses, (address) => address[word]!);
  const isLast = word === addresses[0]!.length - 1;
  if (isLast || groups.size > most) {
    return { kind: 'among', load, ranges: rangesOver([...groups.keys()], most) };
  }
  const share = Math.max(1, Math.floor(most / groups.size));
  return any(
    ...[...groups].map(([value, group]) =>
      all(equal(load, value), coverWords(group, word + 1, offset, share)),
    ),
  );
}

/** TCP of ports, of whatever address or of those of endpoints. */
function portConditions(
  version: Version,
  endpoints: TargetCover['endpoints'],
  { ports, budget }: TargetCover,
): Condition[] {
  const { source: sourcePort, destination: destinationPort } = portLoads(version);
  const among = (load: readonly Instruction[], values: readonly number[]): Condition => ({
    kind: 'among',
    load,
    ranges: rangesOver(values, budget.ports),
  });
  const wanted: Condition[] = [];
  if (ports.length > 0) wanted.push(among(sourcePort, ports), among(destinationPort, ports));
  if (endpoints.length > 0) {
    const addresses = endpoints.map(({ address }) => address);
    const served = endpoints.map(({ port }) => port);
    const [atSource, atDestination] = eitherSide(version, (offset) =>
      addressCondition(addresses, offset, budget),
    );
    wanted.push(
      all(atSource!, among(sourcePort, served)),
      all(atDestination!, among(destinationPort, served)),
    );
  }
  return wanted.length === 0 ? [] : [all(...isTcp(version), any(...wanted))];
}

/** Traffic of one address and port, in both directions; of every port with 0. */
function ownTraffic(version: Version, address: AddressWords, port: number): Condition[] {
  const loads = portLoads(version);
  const { source, destination } = version === 4 ? ADDRESSES.ip : ADDRESSES.ip6;
  const { type } = version === 4 ? ADDRESSES.ip : ADDRESSES.ip6;
  return (
    [
      [source, loads.source],
      [destination, loads.destination],
    ] as const
  ).map(([offset, portLoad]) => {
    const words = address.map((value, index) =>
      equal(atNetwork(Code.LoadWordAtX, offset + index * 4), value),
    );
    const ofPort = port === 0 ? [] : [...isTcp(version), equal(portLoad, port)];
    return all(etherType(type), ...words, ...ofPort);
  });
}

function isTcp(version: Version): Condition[] {
  if (version === 4) return [ip4Carries([IpProtocol.Tcp]), isFirstFragment()];
  return [equal(atNetwork(Code.LoadByteAtX, 6), IpProtocol.Tcp)];
}

function portLoads(version: Version) {
  if (version === 4) return { source: atIp4Payload(0), destination: atIp4Payload(2) };
  return {
    source: atNetwork(Code.LoadHalfAtX, IP6_HEADER_BYTES),
    destination: atNetwork(Code.LoadHalfAtX, IP6_HEADER_BYTES + 2),
  };
}
