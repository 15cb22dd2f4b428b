/**
 * Targets decide what a live capture *reads*, in two steps: the kernel lets through what lies in a
 * cover of the targets (see `bpf/target-condition.ts`: bounded, so any number of pods fits), and
 * `TargetSet` decides exactly, by hash, before a packet is decoded. Both are replaced while the capture
 * runs.
 *
 * Addresses are those of the outermost IP header. The copy of a packet that goes over the card in a
 * tunnel (VXLAN, Geneve, IP in IP, WireGuard) has the nodes' addresses there and is left out; the same
 * packet is read bare on the pod's own interface.
 */
import { type AddressWords, addressWords } from './bpf/index.ts';

/** What a live capture shall read. */
export interface CaptureTargets {
  /** Grows with each change. */
  readonly version: number;
  /** Every packet from or to these, IPv4 or IPv6 as people write them: the target pods. */
  readonly addresses: readonly string[];
  /**
   * TCP traffic of one port: of a service in front of target pods, of pods on the node's own network. An
   * empty address means each of the node's own: node ports, host ports.
   */
  readonly endpoints: readonly CaptureEndpoint[];
  /** Mizu's own traffic, never read. */
  readonly ignored: readonly CaptureEndpoint[];
}

export interface CaptureEndpoint {
  readonly address: string;
  /** 0: every port. */
  readonly port: number;
}

/** Targets with their addresses as numbers; what is no address is left out. */
export interface TargetNumbers {
  readonly addresses: readonly AddressWords[];
  readonly endpoints: readonly EndpointNumbers[];
  /** Ports on the node's own addresses. */
  readonly ports: readonly number[];
  readonly ignored: readonly EndpointNumbers[];
}

export interface EndpointNumbers {
  readonly address: AddressWords;
  readonly port: number;
}

export function readTargets(targets: CaptureTargets): TargetNumbers {
  const endpoints = numbersOf(targets.endpoints);
  const whole = targets.addresses.map(readAddress).filter((address) => address !== undefined);
  return {
    addresses: [...whole, ...endpoints.filter(({ port }) => port === 0).map(addressOf)],
    endpoints: endpoints.filter(({ port }) => port !== 0),
    ports: targets.endpoints
      .filter(({ address, port }) => address === '' && port !== 0)
      .map(({ port }) => port),
    ignored: numbersOf(targets.ignored),
  };
}

function numbersOf(endpoints: readonly CaptureEndpoint[]): EndpointNumbers[] {
  return endpoints.flatMap(({ address: text, port }) => {
    const address = readAddress(text);
    return address === undefined ? [] : [{ address, port }];
  });
}

function addressOf({ address }: EndpointNumbers): AddressWords {
  return address;
}

/** The words of an address; IPv4 written as mapped IPv6 is IPv4. */
export function readAddress(text: string): AddressWords | undefined {
  const words = addressWords(text);
  const isMapped =
    words?.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === mappedWord;
  return isMapped ? words.slice(3) : words;
}

/** Third word of an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
const mappedWord = 0xffff;
const tcp = 6;
const ip4HeaderBytes = 20;
const ip6HeaderBytes = 40;
const noPort = -1;

/** Decides exactly whether a packet belongs to a target. */
export class TargetSet {
  readonly #addresses: AddressTable;
  readonly #endpoints: AddressTable;
  readonly #ignored: AddressTable;
  readonly #ignoredHosts: AddressTable;
  #bytes: Uint8Array = new Uint8Array(0);
  #sourceAt = 0;
  #destinationAt = 0;
  #words = 1;
  #sourcePort = noPort;
  #destinationPort = noPort;

  /** `own`: the node's own addresses. */
  constructor(targets: TargetNumbers, own: readonly AddressWords[]) {
    const hosts = (addresses: readonly AddressWords[]) =>
      addresses.map((address) => ({ address, port: 0 }));
    this.#addresses = new AddressTable(hosts(targets.addresses));
    const nodePorts = targets.ports.flatMap((port) => own.map((address) => ({ address, port })));
    this.#endpoints = new AddressTable([...targets.endpoints, ...nodePorts]);
    this.#ignored = new AddressTable(targets.ignored.filter(({ port }) => port !== 0));
    this.#ignoredHosts = new AddressTable(targets.ignored.filter(({ port }) => port === 0));
  }

  /** The IP packet begins at `at`; what is captured of it ends at `end`. */
  accepts(bytes: Uint8Array, at: number, end: number): boolean {
    if (!this.#read(bytes, at, end)) return false;
    if (this.#isEither(this.#ignoredHosts, false) || this.#isEither(this.#ignored, true)) {
      return false;
    }
    return this.#isEither(this.#addresses, false) || this.#isEither(this.#endpoints, true);
  }

  #isEither(table: AddressTable, withPort: boolean): boolean {
    if (table.isEmpty) return false;
    const sourcePort = withPort ? this.#sourcePort : 0;
    const destinationPort = withPort ? this.#destinationPort : 0;
    return (
      (destinationPort !== noPort &&
        table.has(this.#bytes, this.#destinationAt, this.#words, destinationPort)) ||
      (sourcePort !== noPort && table.has(this.#bytes, this.#sourceAt, this.#words, sourcePort))
    );
  }

  #read(bytes: Uint8Array, at: number, end: number): boolean {
    const version = at < end ? bytes[at]! >> 4 : 0;
    let portsAt = 0;
    this.#bytes = bytes;
    if (version === 4 && at + ip4HeaderBytes <= end) {
      this.#words = 1;
      this.#sourceAt = at + 12;
      this.#destinationAt = at + 16;
      const isFirst = (((bytes[at + 6]! << 8) | bytes[at + 7]!) & 0x1fff) === 0;
      if (isFirst && bytes[at + 9] === tcp) portsAt = at + (bytes[at]! & 15) * 4;
    } else if (version === 6 && at + ip6HeaderBytes <= end) {
      this.#words = 4;
      this.#sourceAt = at + 8;
      this.#destinationAt = at + 24;
      if (bytes[at + 6] === tcp) portsAt = at + ip6HeaderBytes;
    } else {
      return false;
    }
    const hasPorts = portsAt > 0 && portsAt + 4 <= end;
    this.#sourcePort = hasPorts ? (bytes[portsAt]! << 8) | bytes[portsAt + 1]! : noPort;
    this.#destinationPort = hasPorts ? (bytes[portsAt + 2]! << 8) | bytes[portsAt + 3]! : noPort;
    return true;
  }
}

/** Five 32-bit words a place: the address (IPv4 mapped), then the port, plus one so that 0 is free. */
const placeWords = 5;

/** A hash table of addresses with ports (0 for none), with open addressing; nothing is allocated by `has`. */
class AddressTable {
  readonly isEmpty: boolean;
  readonly #places: Int32Array;
  readonly #mask: number;
  readonly #key = new Int32Array(placeWords);

  constructor(entries: readonly EndpointNumbers[]) {
    this.isEmpty = entries.length === 0;
    // At most half full: a search ends soon, and it ends.
    let capacity = 16;
    while (capacity < entries.length * 2) capacity *= 2;
    this.#mask = capacity - 1;
    this.#places = new Int32Array(capacity * placeWords);
    for (const { address, port } of entries) {
      const words = address.length === 1 ? [0, 0, mappedWord, address[0]!] : address;
      this.#key.set(words);
      this.#key[4] = port + 1;
      this.#places.set(this.#key, this.#find());
    }
  }

  has(bytes: Uint8Array, at: number, words: number, port: number): boolean {
    const key = this.#key;
    if (words === 1) {
      key[0] = 0;
      key[1] = 0;
      key[2] = mappedWord;
      key[3] = wordAt(bytes, at);
    } else {
      for (let word = 0; word < 4; word++) key[word] = wordAt(bytes, at + word * 4);
    }
    key[4] = port + 1;
    return this.#places[this.#find() + 4] !== 0;
  }

  /** Where the key is, or the free place for it. */
  #find(): number {
    const places = this.#places;
    const [a, b, c, d, port] = this.#key as unknown as [number, number, number, number, number];
    let hash = Math.imul(a ^ Math.imul(b, 0x85ebca77), 0x9e3779b1) ^ Math.imul(d, 0xc2b2ae3d);
    hash = Math.imul(hash ^ Math.imul(c ^ port, 0x27d4eb2f), 0x165667b1);
    hash ^= hash >>> 15;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * placeWords;
      if (places[at + 4] === 0) return at;
      const isSame =
        places[at + 4] === port &&
        places[at + 3] === d &&
        places[at + 2] === c &&
        places[at + 1] === b &&
        places[at] === a;
      if (isSame) return at;
    }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
