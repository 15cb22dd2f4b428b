import { Layer, type Walk } from './walk.ts';

/** Datagrams kept at once; the oldest goes first. Each costs at least `smallestBuffer`. */
const maxDatagrams = 1024;
/** Bytes of all their buffers together. */
const maxBytes = 16 << 20;
/** How long (packet time) a datagram waits for its rest: 30 s, as Linux does for IPv4. */
const maxAgeMs = 30_000;
/** Separate runs of bytes in one datagram: honest senders leave one or two, attackers thousands. */
const maxRuns = 64;
/** The largest datagram: offsets have 13 bits of 8 bytes, lengths 16 bits. */
const maxDatagramBytes = 0xffff;
const smallestBuffer = 4096;

/** What of a datagram has arrived. */
interface Datagram {
  data: Uint8Array;
  /** Runs of bytes that are there: start, end, start, end; sorted, not touching. */
  runs: number[];
  /** Length of the whole, or -1 while the last fragment is missing. */
  length: number;
  /** What the first fragment announces behind the IP header, or -1. */
  protocol: number;
  readonly startedMs: number;
  packets: number;
  /** IPv6 fragments overlapped: everything of this datagram is dropped, now and later. */
  poisoned: boolean;
}

/**
 * Puts IP fragments together.
 *
 * Where fragments overlap: of IPv4 the bytes that came first stay (RFC 791 leaves it open; systems
 * differ); of IPv6 the datagram is dropped whole (RFC 5722), save for an exact repeat of a fragment.
 * A fragment that was cut by snaplen is dropped: it would leave an unmarked gap in the middle.
 */
export class Fragments {
  readonly #datagrams = new Map<string, Datagram>();
  readonly #lost: (packets: number) => void;
  #bytes = 0;

  /** `lost` is told how many fragments are given up because their rest never came. */
  constructor(lost: (packets: number) => void) {
    this.#lost = lost;
  }

  /**
   * The fragment that begins at `walk.at` and goes to its end lies at `offset` in the datagram. When
   * that completes it, the walk continues in the whole, whose bytes are good until the next call.
   */
  add(walk: Walk, id: number, protocol: number, offset: number, more: boolean): number {
    this.#expire(walk.timestampMs);
    if (walk.wireEnd > walk.end) return walk.stop('cut fragment');
    const size = walk.end - walk.at;
    if (size <= 0 || offset + size > maxDatagramBytes || (more && (size & 7) !== 0)) {
      return walk.stop('damaged fragment');
    }
    const key = keyOf(walk, id, protocol);
    const datagram = this.#datagrams.get(key) ?? this.#create(key, walk.timestampMs);
    datagram.packets++;
    if (datagram.poisoned) return walk.stop('overlapping IPv6 fragments');
    if (!more && datagram.length < 0) datagram.length = offset + size;
    if (offset === 0 && datagram.protocol < 0) datagram.protocol = protocol;
    if (!this.#fill(datagram, walk, offset, size)) return walk.stop(walk.reason);
    const { runs, length } = datagram;
    if (length >= 0 && runs[runs.length - 1]! > length) {
      this.#drop(key, datagram);
      return walk.stop('damaged fragment');
    }
    if (runs.length !== 2 || runs[0] !== 0 || runs[1] !== length) return walk.stop('');
    this.#drop(key, datagram);
    walk.bytes = datagram.data;
    walk.at = 0;
    walk.end = length;
    walk.wireEnd = length;
    return Layer.IpProtocol + datagram.protocol;
  }

  /** Copies what is new. False, with the walk's reason set, when the fragment is refused. */
  #fill(datagram: Datagram, walk: Walk, offset: number, size: number): boolean {
    const end = offset + size;
    const covered = overlap(datagram.runs, offset, end);
    if (covered > 0 && walk.ipVersion === 6) {
      const repeated = covered === size && same(datagram.data, offset, walk, size);
      if (!repeated) {
        datagram.poisoned = true;
        this.#bytes -= datagram.data.length;
        datagram.data = new Uint8Array(0);
      }
      walk.reason = repeated ? '' : 'overlapping IPv6 fragments';
      return false;
    }
    this.#reserve(datagram, end);
    let at = offset;
    for (let i = 0; i < datagram.runs.length && at < end; i += 2) {
      const runStart = datagram.runs[i]!;
      const runEnd = datagram.runs[i + 1]!;
      if (runEnd <= at) continue;
      if (runStart > at) copy(datagram.data, at, Math.min(runStart, end), walk, offset);
      at = runEnd;
    }
    if (at < end) copy(datagram.data, at, end, walk, offset);
    datagram.runs = merged(datagram.runs, offset, end);
    if (datagram.runs.length <= 2 * maxRuns) return true;
    datagram.poisoned = true;
    walk.reason = 'damaged fragment';
    return false;
  }

  #create(key: string, nowMs: number): Datagram {
    while (this.#datagrams.size >= maxDatagrams || this.#bytes + maxDatagramBytes > maxBytes) {
      this.#dropOldest();
    }
    const datagram: Datagram = {
      data: new Uint8Array(smallestBuffer),
      runs: [],
      length: -1,
      protocol: -1,
      startedMs: nowMs,
      packets: 0,
      poisoned: false,
    };
    this.#bytes += smallestBuffer;
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #reserve(datagram: Datagram, length: number): void {
    if (length <= datagram.data.length) return;
    let size = datagram.data.length;
    while (size < length) size *= 2;
    const larger = new Uint8Array(size);
    larger.set(datagram.data);
    this.#bytes += size - datagram.data.length;
    datagram.data = larger;
    // The one that grows is the youngest or close to it; older ones make room.
    while (this.#bytes > maxBytes && this.#datagrams.size > 1) this.#dropOldest();
  }

  #expire(nowMs: number): void {
    for (const datagram of this.#datagrams.values()) {
      if (nowMs - datagram.startedMs <= maxAgeMs) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    for (const [key, datagram] of this.#datagrams) {
      this.#lost(datagram.packets);
      this.#drop(key, datagram);
      return;
    }
  }

  #drop(key: string, datagram: Datagram): void {
    if (this.#datagrams.delete(key)) this.#bytes -= datagram.data.length;
  }
}

/** RFC 791 tells datagrams apart by addresses, identification and protocol; RFC 8200 without it. */
function keyOf(walk: Walk, id: number, protocol: number): string {
  const source = `${walk.source0},${walk.source1},${walk.source2},${walk.source3}`;
  const destination = `${walk.destination0},${walk.destination1},${walk.destination2},${walk.destination3}`;
  const kind = walk.ipVersion === 4 ? protocol : -1;
  return `${walk.scope},${kind},${id},${source},${destination}`;
}

/** How many bytes of [start, end) the runs hold. */
function overlap(runs: readonly number[], start: number, end: number): number {
  let bytes = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const from = Math.max(start, runs[i]!);
    const to = Math.min(end, runs[i + 1]!);
    if (to > from) bytes += to - from;
  }
  return bytes;
}

function same(data: Uint8Array, offset: number, walk: Walk, size: number): boolean {
  for (let i = 0; i < size; i++) {
    if (data[offset + i] !== walk.bytes[walk.at + i]) return false;
  }
  return true;
}

function copy(data: Uint8Array, from: number, to: number, walk: Walk, offset: number): void {
  const start = walk.at + from - offset;
  data.set(walk.bytes.subarray(start, start + to - from), from);
}

/** The runs with [start, end) added. */
function merged(runs: readonly number[], start: number, end: number): number[] {
  const result: number[] = [];
  let from = start;
  let to = end;
  let placed = false;
  for (let i = 0; i < runs.length; i += 2) {
    const runStart = runs[i]!;
    const runEnd = runs[i + 1]!;
    if (runEnd < from) {
      result.push(runStart, runEnd);
    } else if (runStart > to) {
      if (!placed) result.push(from, to);
      placed = true;
      result.push(runStart, runEnd);
    } else {
      from = Math.min(from, runStart);
      to = Math.max(to, runEnd);
    }
  }
  if (!placed) result.push(from, to);
  return result;
}
