/** Traffic of a made-up cluster: calls, and how tappers see them through translations, late or not at all. */
import { between, pick, type Random } from '../demo/random.ts';
import { Outcome } from '../ship/columns.ts';
import type { SeenKind } from './contract.ts';
import { idOf, idText, type Seen } from './test-support.ts';

/** One call as it really was. */
export interface TrueCall {
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  /** Addresses asked for that some tapper has seen; empty: none. */
  readonly fronts: readonly string[];
  /** Every sighting's id. */
  readonly ids: readonly string[];
  readonly idOfStream: ReadonlyMap<number, readonly [time: number, sequence: number]>;
  readonly parent: TrueCall | undefined;
}

export interface Arrival {
  readonly atMs: number;
  readonly seen: Seen;
}

export interface Traffic {
  readonly calls: readonly TrueCall[];
  readonly arrivals: readonly Arrival[];
}

export interface TrafficOptions {
  readonly connections: number;
  /** Sequence numbers are drawn from so many: few make chance matches. */
  readonly sequences: number;
  /** Chance that a tapper loses a row. */
  readonly loss: number;
  readonly clockErrorMs: number;
}

/** 10.0: pods, 10.96: services, 192.168: nodes, 203.0: outside. */
export function kindOf(address: string): SeenKind {
  if (address.startsWith('10.0.')) return 'pod';
  if (address.startsWith('10.96.')) return 'service';
  return address.startsWith('192.168.') ? 'node' : 'external';
}

interface Place {
  readonly node: number;
  readonly thread: number;
  readonly stream: number;
  readonly source: string;
  readonly destination: string;
  readonly delayMs: number;
}

const startMs = 1_700_000_000_000;
const paths = ['/', '/cart', '/pay'];

/** Where the packets of one connection are seen, in the order in which they pass. */
function placesOf(random: Random, connection: number): Place[] {
  const pod = () => `10.0.${between(random, 0, 3)}.${between(random, 1, 50)}`;
  const [clientNode, serverNode] = [between(random, 1, 3), between(random, 1, 3)];
  const server = `${pod()}:8080`;
  const port = 30_000 + (connection % 30_000);
  const isOutside = random() < 0.2;
  const client = `${isOutside ? `203.0.113.${between(random, 1, 9)}` : pod()}:${port}`;
  const ways: Readonly<Record<'direct' | 'service' | 'nodePort' | 'masked', string[][]>> = {
    direct: [[client, server]],
    service: [
      [client, `10.96.0.${between(random, 1, 9)}:80`],
      [client, server],
    ],
    nodePort: [
      [client, `192.168.1.${clientNode}:30080`],
      [`192.168.1.${clientNode}:${between(random, 20_000, 60_000)}`, server],
    ],
    masked: [
      [client, server],
      [`192.168.1.${clientNode}:${port}`, server],
    ],
  };
  const way = isOutside
    ? ways.nodePort
    : ways[pick(random, ['direct', 'service', 'nodePort', 'masked'] as const)];
  const places = way.map(([source, destination], i) => ({
    node: clientNode,
    thread: between(random, 0, 1),
    stream: connection * 8 + i,
    source: source!,
    destination: destination!,
    delayMs: i * 0.05,
  }));
  const last = places.at(-1)!;
  if (serverNode !== clientNode) {
    places.push({ ...last, node: serverNode, stream: connection * 8 + 4, delayMs: 0.6 });
  }
  // Not every node runs a tapper.
  const seen = places.filter(({ node }) => node !== 3);
  return seen.length === 0 ? places : seen;
}

/** Calls of random connections; calls of one connection follow each other. */
export function traffic(random: Random, options: TrafficOptions): Traffic {
  const maker = new TrafficMaker(random, options);
  for (let connection = 1; connection <= options.connections; connection++) {
    maker.connection(connection);
  }
  maker.arrivals.sort((one, other) => one.atMs - other.atMs);
  return maker;
}

class TrafficMaker implements Traffic {
  readonly calls: TrueCall[] = [];
  readonly arrivals: Arrival[] = [];
  readonly #random: Random;
  readonly #options: TrafficOptions;
  readonly #clockErrors: readonly number[];
  /** A tapper's rows of one connection arrive in order. */
  readonly #lastMs = new Map<number, number>();
  #counter = 0;

  constructor(random: Random, options: TrafficOptions) {
    this.#random = random;
    this.#options = options;
    this.#clockErrors = [0, 1, 2, 3].map(() => (random() - 0.5) * options.clockErrorMs);
  }

  connection(number: number): void {
    const random = this.#random;
    const places = placesOf(random, number);
    let requestSequence = between(random, 1, this.#options.sequences);
    let responseSequence = between(random, 1, this.#options.sequences);
    let nowMs = startMs + random() * 5000;
    const isStreaming = random() < 0.1;
    let parent: TrueCall | undefined;
    for (let n = between(random, 1, 6); n > 0; n--) {
      const request = `GET ${pick(random, paths)} HTTP/1.1\r\nhost: shop\r\n\r\n`;
      const response = `HTTP/1.1 200 OK\r\n\r\n${pick(random, ['yes', 'no'])}`;
      const waitMs = random() < 0.1 ? between(random, 200, 3000) : random() * 20;
      const answer = { responseSequence, response, waitMs };
      const message = { requestSequence, request, ...(parent === undefined && answer) };
      const call = this.#call(`${number}/${n}`, places, nowMs, message, parent);
      if (isStreaming) parent ??= call;
      requestSequence += request.length;
      responseSequence += response.length;
      nowMs += waitMs + random() * 50;
    }
  }

  #call(
    name: string,
    places: readonly Place[],
    nowMs: number,
    message: Partial<Seen>,
    parent: TrueCall | undefined,
  ): TrueCall {
    const random = this.#random;
    const { waitMs = 0 } = message;
    const idOfStream = new Map<number, readonly [number, number]>();
    let seenBy: Place[] = [];
    // What nobody saw is not missed.
    while (seenBy.length === 0) {
      seenBy = places.filter(
        ({ stream }) => random() >= this.#options.loss && (parent?.idOfStream.has(stream) ?? true),
      );
    }
    for (const place of seenBy) {
      const seen: Seen = {
        ...place,
        ...message,
        counter: ++this.#counter,
        timeMs: nowMs + place.delayMs + this.#clockErrors[place.node]!,
        ...(parent && { parent: parent.idOfStream.get(place.stream)! }),
      };
      idOfStream.set(place.stream, idOf(seen));
      const delayMs = place.delayMs + between(random, 0, 200);
      const atMs = Math.max(nowMs + delayMs, this.#lastMs.get(place.stream) ?? 0);
      if (waitMs > 100) {
        this.arrivals.push({ atMs, seen: { ...seen, response: '', outcome: Outcome.Pending } });
      }
      this.arrivals.push({ atMs: atMs + waitMs, seen });
      this.#lastMs.set(place.stream, atMs + waitMs);
    }
    const ids = [...idOfStream.values()].map(idText);
    const call: TrueCall = { name, ...truth(seenBy), ids, idOfStream, parent };
    this.calls.push(call);
    return call;
  }
}

/** What the sightings together can tell. */
function truth(places: readonly Place[]): Pick<TrueCall, 'source' | 'destination' | 'fronts'> {
  const client = places.find(({ source }) => kindOf(source) !== 'node') ?? places[0]!;
  const server = places.find(({ destination }) => kindOf(destination) === 'pod') ?? places[0]!;
  const fronts = places
    .map(({ destination }) => destination)
    .filter((destination) => destination !== server.destination);
  return { source: client.source, destination: server.destination, fronts };
}
