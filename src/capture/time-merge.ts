import type { CaptureReader } from './capture-reader.ts';
import type { PacketSink } from './contract.ts';

/** Packets handed on in one call. */
const PACKETS_PER_READ = 65_536;

/** Hands on the packets of several captures in the order of their times, as they lie in the chunks. */
export class TimeMerge {
  private readonly lanes: Lane[];

  constructor(readers: readonly CaptureReader[]) {
    this.lanes = readers.map((reader) => new Lane(reader));
  }

  /** As `PacketSource.read`. */
  read(sink: PacketSink, waitMs: number): number | Promise<number> {
    for (const lane of this.lanes) {
      if (!lane.isDrained || lane.reader.ended) continue;
      const refilled = lane.refill(waitMs);
      if (typeof refilled !== 'number') return this.readLater(refilled, sink, waitMs);
      if (refilled === 0) return 0;
    }
    return this.handOn(sink);
  }

  private async readLater(
    first: Promise<number>,
    sink: PacketSink,
    waitMs: number,
  ): Promise<number> {
    if ((await first) === 0) return 0;
    return this.read(sink, waitMs);
  }

  /** Packets up to the moment when one capture needs its next chunk. */
  private handOn(sink: PacketSink): number {
    let packets = 0;
    while (packets < PACKETS_PER_READ) {
      let first: Lane | undefined;
      let second: Lane | undefined;
      for (const lane of this.lanes) {
        if (lane.isDrained) {
          if (!lane.reader.ended) return packets;
          continue;
        }
        if (first === undefined || lane.nextTime < first.nextTime) {
          second = first;
          first = lane;
        } else if (second === undefined || lane.nextTime < second.nextTime) second = lane;
      }
      if (first === undefined) return packets > 0 ? packets : -1;
      packets += first.handOn(sink, second?.nextTime ?? Number.POSITIVE_INFINITY);
    }
    return packets;
  }
}

/** One capture in the merge: where the packets of its current chunk lie. */
class Lane implements PacketSink {
  readonly reader: CaptureReader;
  private bytes: Uint8Array = new Uint8Array(0);
  /** start, end, wire length, link type, interface of each packet. */
  private numbers = new Float64Array(5 * 1_024);
  private times = new Float64Array(1_024);
  private count = 0;
  private next = 0;

  constructor(reader: CaptureReader) {
    this.reader = reader;
  }

  get isDrained(): boolean {
    return this.next === this.count;
  }

  get nextTime(): number {
    return this.times[this.next]!;
  }

  refill(waitMs: number): number | Promise<number> {
    this.count = 0;
    this.next = 0;
    return this.reader.read(this, waitMs);
  }

  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
    interfaceIndex: number,
  ): void {
    if (this.count === this.times.length) this.grow();
    this.bytes = bytes;
    const at = this.count * 5;
    this.numbers[at] = start;
    this.numbers[at + 1] = end;
    this.numbers[at + 2] = wireLength;
    this.numbers[at + 3] = linkType;
    this.numbers[at + 4] = interfaceIndex;
    this.times[this.count] = timestampMs;
    this.count++;
  }

  /** Hands on the packets that are not later than `until`, at least one. */
  handOn(sink: PacketSink, until: number): number {
    const from = this.next;
    do {
      const at = this.next * 5;
      sink.packet(
        this.bytes,
        this.numbers[at]!,
        this.numbers[at + 1]!,
        this.numbers[at + 2]!,
        this.numbers[at + 3]!,
        this.times[this.next]!,
        this.numbers[at + 4]!,
      );
      this.next++;
    } while (this.next < this.count && this.times[this.next]! <= until);
    return this.next - from;
  }

  private grow(): void {
    const numbers = new Float64Array(this.numbers.length * 2);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
  }
}
