/**
 * Random and mutated packets through decoder and reassembler, with a sink that checks what the
 * contract of `StreamSink` promises. Throws at the first broken promise, naming seed and packet.
 *
 *     node test/fuzz/packets.ts [PACKETS] [SEED]
 */
import fs from 'node:fs';
import path from 'node:path';
import { LinkType } from '../../src/capture/contract.ts';
import { openFiles } from '../../src/capture/index.ts';
import { Decoded, Decoder, type Segment } from '../../src/decode/index.ts';
import {
  type Connection,
  defaultReassembleLimits,
  type End,
  type ReassembleLimits,
  Reassembler,
  type StreamSink,
} from '../../src/reassemble/index.ts';
import * as build from './build-packets.ts';
import { seededRandom } from './random.ts';

const captures = path.join(import.meta.dirname, '../../../shared/pcaps');
/** Packets after which everything starts anew, with other limits. */
const epochPackets = 50_000;
/** Packets taken from each capture as material. */
const packetsPerCapture = 300;
const longestPacket = 2000;

/** What can be asked for; the run ends with whichever comes first. */
interface FuzzOptions {
  readonly packets?: number;
  readonly minutes?: number;
  readonly seed?: number;
}

interface FuzzResult {
  readonly packets: number;
  readonly segments: number;
  readonly connections: number;
  readonly holes: number;
}

interface Sample {
  readonly bytes: Uint8Array;
  readonly linkType: number;
}

/** Runs until the number of packets or minutes is reached; the same seed gives the same packets. */
export async function run(options: FuzzOptions): Promise<FuzzResult> {
  const seed = options.seed ?? 1;
  const packets = options.packets ?? Number.POSITIVE_INFINITY;
  const until = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const random = new Random(seed);
  const samples = [...(await capturedSamples()), ...madeSamples()];
  const total = { packets: 0, segments: 0, connections: 0, holes: 0 };
  while (total.packets < packets && Date.now() < until) {
    const epoch = new Epoch(random, samples);
    const count = Math.min(epochPackets, packets - total.packets);
    for (let index = 0; index < count; index++) {
      try {
        epoch.step();
      } catch (error) {
        const where = `seed ${seed}, packet ${total.packets + index}`;
        throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
    const counters = epoch.finish();
    total.packets += count;
    total.segments += counters.segments;
    total.connections += counters.connections;
    total.holes += counters.holes;
  }
  return total;
}

/** One decoder and reassembler, fed for a while. */
class Epoch {
  readonly #random: Random;
  readonly #samples: readonly Sample[];
  readonly #limits: ReassembleLimits;
  readonly #sink: CheckingSink;
  readonly #decoder = new Decoder();
  readonly #reassembler: Reassembler<State>;
  readonly #packet = new Uint8Array(longestPacket);
  #timeMs = 1e12;
  #base = 0;

  constructor(random: Random, samples: readonly Sample[]) {
    this.#random = random;
    this.#samples = samples;
    this.#limits = random.one(limitChoices);
    this.#sink = new CheckingSink(random);
    this.#reassembler = new Reassembler(this.#sink, this.#limits);
    this.#base = random.below(0xffff_ffff);
  }

  step(): void {
    const random = this.#random;
    this.#timeMs += random.below(1000) === 0 ? random.below(200_000) - 90_000 : random.below(3);
    const kind = random.below(10);
    if (kind < 5) this.#conversation();
    else if (kind < 9) this.#mutated(random.one(this.#samples));
    else this.#noise();
    if (random.below(5000) === 0) this.#reassembler.advance(this.#timeMs + random.below(20_000));
  }

  finish(): { segments: number; connections: number; holes: number } {
    this.#reassembler.end();
    const { counters } = this.#reassembler;
    check(counters.openConnections === 0, 'connections are open after the end');
    check(this.#sink.openConnections === 0, 'connections were not closed');
    check(counters.bufferedBytes === 0, `${counters.bufferedBytes} bytes are held after the end`);
    check(counters.payloadBytes >= this.#sink.bytes, 'more bytes were handed on than counted');
    return counters;
  }

  /** A segment of one of a few connections, with numbers near each other: all kinds of overlap. */
  #conversation(): void {
    const random = this.#random;
    const forward = random.below(2) === 0;
    const port = 1 + random.below(6);
    const far = random.below(500) === 0 ? random.below(0x7fff_ffff) : 0;
    const length = random.below(4) === 0 ? 0 : random.below(60);
    const near = 40 * Math.floor(this.#timeMs - 1e12);
    const segment = build.tcp(new Uint8Array(length), {
      sourcePort: forward ? port : 80,
      destinationPort: forward ? 80 : port,
      sequence: (this.#base + near + random.below(400) + far) >>> 0,
      acknowledgement: (this.#base + near + random.below(400) - 200) >>> 0,
      flags: random.one(flagChoices),
    });
    const ends = forward ? [1, 2] : [2, 1];
    const packet = build.ipv4(segment, { source: ends[0]!, destination: ends[1]! });
    this.#feed(
      packet,
      packet.length + (random.below(50) === 0 ? random.below(50) : 0),
      LinkType.RawIp,
    );
  }

  #mutated(sample: Sample): void {
    const random = this.#random;
    const packet = this.#packet;
    let length = Math.min(sample.bytes.length, longestPacket);
    packet.set(sample.bytes.subarray(0, length));
    const wireLength = length;
    if (random.below(4) === 0) length = random.below(length + 1);
    const changes = random.below(3) === 0 ? 0 : random.below(6);
    for (let change = 0; change < changes && length > 0; change++) {
      // Most headers lie in front.
      const at = random.below(random.below(2) === 0 ? Math.min(length, 100) : length);
      packet[at] = random.below(3) === 0 ? packet[at]! ^ (1 << random.below(8)) : random.below(256);
    }
    const linkType = random.below(50) === 0 ? random.one(linkTypes) : sample.linkType;
    this.#feed(packet.subarray(0, length), wireLength, linkType);
  }

  #noise(): void {
    const length = this.#random.below(200);
    for (let at = 0; at < length; at++) this.#packet[at] = this.#random.below(256);
    this.#feed(
      this.#packet.subarray(0, length),
      this.#random.below(300),
      this.#random.one(linkTypes),
    );
  }

  #feed(packet: Uint8Array, wireLength: number, linkType: number): void {
    const decoder = this.#decoder;
    const what = decoder.decode(packet, 0, packet.length, wireLength, linkType, this.#timeMs);
    if (what === Decoded.None) return;
    checkSegment(decoder.segment);
    if (what !== Decoded.Tcp) return;
    this.#reassembler.segment(decoder.segment);
    const { counters } = this.#reassembler;
    check(counters.bufferedBytes >= 0, 'fewer than no bytes are held');
    check(
      counters.bufferedBytes <= this.#limits.totalBufferBytes,
      'more bytes are held than allowed',
    );
    check(
      counters.openConnections === this.#sink.openConnections,
      'open connections are miscounted',
    );
    check(counters.openConnections <= this.#limits.maxConnections, 'too many connections are open');
  }
}

interface State {
  closed: boolean;
  readonly finished: [boolean, boolean];
}

/** Checks what every `StreamSink` may rely on. */
class CheckingSink implements StreamSink<State> {
  openConnections = 0;
  bytes = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  open(connection: Connection<State>): void {
    check(connection.context === undefined, 'a connection was opened twice');
    connection.context = { closed: false, finished: [false, false] };
    connection.ignored = this.#random.below(20) === 0;
    this.openConnections++;
  }

  data(
    connection: Connection<State>,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#checkOpen(connection, from);
    check(
      start >= 0 && start < end && end <= bytes.length,
      `bytes [${start}, ${end}) of ${bytes.length}`,
    );
    this.bytes += end - start;
    if (this.#random.below(2000) === 0) connection.ignored = true;
  }

  hole(connection: Connection<State>, from: End, length: number): void {
    this.#checkOpen(connection, from);
    check(length > 0 || length === -1, `a hole of ${length} bytes`);
  }

  finish(connection: Connection<State>, from: End): void {
    this.#checkOpen(connection, from);
    connection.context.finished[from] = true;
  }

  close(connection: Connection<State>): void {
    check(!connection.context.closed, 'a connection was closed twice');
    connection.context.closed = true;
    this.openConnections--;
  }

  #checkOpen(connection: Connection<State>, from: End): void {
    check(!connection.ignored, 'an ignored connection was not left alone');
    check(!connection.context.closed, 'something came after close');
    check(!connection.context.finished[from], 'something came after finish');
  }
}

function checkSegment(segment: Segment): void {
  const { payloadStart, payloadEnd, bytes, missing, scope } = segment;
  check(
    payloadStart >= 0 && payloadStart <= payloadEnd && payloadEnd <= bytes.length,
    `payload [${payloadStart}, ${payloadEnd}) of ${bytes.length}`,
  );
  check(missing >= 0 && missing <= 0xffff_ffff, `${missing} bytes are missing`);
  check(scope >= 0 && scope <= 0xffff, `scope ${scope}`);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Small numbers that can be repeated (mulberry32). */
class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

const linkTypes: readonly number[] = [...Object.values(LinkType), 10, 12, 14, 147];
const limitChoices: readonly ReassembleLimits[] = [
  defaultReassembleLimits,
  { ...defaultReassembleLimits, streamBufferBytes: 2000, totalBufferBytes: 5000 },
  { ...defaultReassembleLimits, streamBufferBytes: 1, totalBufferBytes: 1, maxConnections: 3 },
  { ...defaultReassembleLimits, maxConnections: 1, idleTimeoutMs: 50, gapWaitMs: 20 },
];
/** SYN, SYN-ACK, FIN, RST and nonsense among many plain ones. */
const flagChoices = [
  ...Array<number>(150).fill(0x18),
  ...Array<number>(50).fill(0x10),
  2,
  18,
  17,
  1,
  4,
  20,
  0,
  63,
  7,
];

/** The first packets of every capture, when the folder is there. */
async function capturedSamples(): Promise<Sample[]> {
  const samples: Sample[] = [];
  if (!fs.existsSync(captures)) return samples;
  for (const name of fs.readdirSync(captures)) {
    if (!/\.pcap/.test(name)) continue;
    const source = openFiles([path.join(captures, name)]);
    let left = packetsPerCapture;
    const sink = {
      packet(bytes: Uint8Array, start: number, end: number, _wire: number, linkType: number): void {
        if (left-- > 0) samples.push({ bytes: bytes.slice(start, end), linkType });
      },
    };
    while (left > 0 && (await source.read(sink, 0)) > 0);
    source.close();
  }
  return samples.map(({ bytes, linkType }) => ({ bytes: Uint8Array.from(bytes), linkType }));
}

/** One of each shape that captures rarely have. */
function madeSamples(): Sample[] {
  const payload = build.text('GET / HTTP/1.1\r\nHost: fuzz\r\n\r\n');
  const segment = build.tcp(payload);
  const inner = build.ipv4(segment);
  const frame = build.ethernet(0x0800, inner);
  const inUdp = (content: Uint8Array, port: number): Uint8Array =>
    build.ethernet(0x0800, build.ipv4(build.udp(content, 50_000, port), { protocol: 17 }));
  const inGre = (content: Uint8Array): Uint8Array =>
    build.ethernet(0x0800, build.ipv4(content, { protocol: 47 }));
  const frames = [
    frame,
    build.ethernet(0x88a8, build.vlan(1, 0x8100, build.vlan(2, 0x0800, inner))),
    build.ethernet(0x8847, build.join([0, 1, 0x21, 64], [0, 0, 0, 0], frame)),
    build.ethernet(0x86dd, build.ipv6(build.join([6, 0, 1, 4, 0, 0, 0, 0], segment), 0)),
    build.ethernet(0x86dd, build.ipv6(build.fragment6(6, 1, 0, true, segment.subarray(0, 24)), 44)),
    build.ethernet(0x86dd, build.ipv6(build.fragment6(6, 1, 24, false, segment.subarray(24)), 44)),
    build.ethernet(0x0800, build.ipv4(segment.subarray(0, 24), { more: true })),
    build.ethernet(0x0800, build.ipv4(segment.subarray(24), { offset: 24 })),
    inUdp(build.vxlan(7, frame), 4789),
    inUdp(build.geneve(7, 0x6558, frame), 6081),
    inUdp(build.gtp(7, inner), 2152),
    inGre(build.gre(0x6558, frame, 0x123456, 1, true)),
    inGre(build.gre(0x88be, build.join([0x10, 0, 0, 1, 0, 0, 0, 0], frame), undefined, 1)),
  ];
  return frames.flatMap((bytes) => Array<Sample>(100).fill({ bytes, linkType: LinkType.Ethernet }));
}

if (process.argv[1] === import.meta.filename) {
  const [packets = '1000000', seed = '1'] = process.argv.slice(2);
  const result = await run({ packets: Number(packets), seed: Number(seed) });
  console.log(
    `${result.packets} packets, ${result.segments} segments, ${result.connections} connections, ` +
      `${result.holes} holes: no promise broken`,
  );
}
