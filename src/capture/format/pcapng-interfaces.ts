import { type InterfaceTable, normalLinkType } from './interface-table.ts';
import { readUint32Big, readUint32Little } from './record-parser.ts';

/** Options of interface and statistics blocks that are read. */
const Option = { End: 0, Name: 2, DroppedByInterface: 5, Resolution: 9, Offset: 14 } as const;

const TWO_TO_32 = 2 ** 32;
/** Names of interfaces are cut behind this many bytes. */
const MAX_NAME_BYTES = 256;

interface Declaration {
  name: string;
  /** Milliseconds are ticks * multiplier / divisor + offset. */
  multiplier: number;
  divisor: number;
  offsetMs: number;
  dropped: number;
}

/** The interfaces of the section that is being read, by their number in it. */
export class PcapngInterfaces {
  count = 0;
  /** Packets that the interfaces of all sections reported as dropped. */
  dropped = 0;
  private readonly table: InterfaceTable;
  private linkTypes: number[] = [];
  private snapLengths: number[] = [];
  private indexes: number[] = [];
  private multipliers: number[] = [];
  private divisors: number[] = [];
  /** Whole milliseconds in 2^32 ticks, and what remains, in units of `1 / divisor`. */
  private highMs: number[] = [];
  private highRests: number[] = [];
  private offsets: number[] = [];
  private drops: number[] = [];

  constructor(table: InterfaceTable) {
    this.table = table;
  }

  startSection(): void {
    this.count = 0;
    this.linkTypes = [];
    this.snapLengths = [];
    this.indexes = [];
    this.multipliers = [];
    this.divisors = [];
    this.highMs = [];
    this.highRests = [];
    this.offsets = [];
    this.drops = [];
  }

  /** Reads an interface block of at least 20 bytes; false when there are too many interfaces. */
  add(bytes: Uint8Array, at: number, length: number, big: boolean): boolean {
    const first = big ? readUint32Big(bytes, at + 8) : readUint32Little(bytes, at + 8);
    const linkType = normalLinkType(big ? first >>> 16 : first & 0xffff);
    const declared = readOptions(bytes, at + 16, at + length - 4, big);
    const index = this.table.add(declared.name, linkType);
    if (index < 0) return false;
    this.linkTypes.push(linkType);
    this.snapLengths.push(big ? readUint32Big(bytes, at + 12) : readUint32Little(bytes, at + 12));
    this.indexes.push(index);
    this.multipliers.push(declared.multiplier);
    this.divisors.push(declared.divisor);
    const whole = Math.floor((TWO_TO_32 * declared.multiplier) / declared.divisor);
    this.highMs.push(whole);
    this.highRests.push(TWO_TO_32 * declared.multiplier - whole * declared.divisor);
    this.offsets.push(declared.offsetMs);
    this.drops.push(0);
    this.count++;
    return true;
  }

  /** Statistics block: interface u32 | time u64 | options. Its counters are totals so far. */
  statistics(bytes: Uint8Array, at: number, length: number, big: boolean): void {
    if (length < 24) return;
    const local = big ? readUint32Big(bytes, at + 8) : readUint32Little(bytes, at + 8);
    const before = this.drops[local];
    if (before === undefined) return;
    const total = readOptions(bytes, at + 20, at + length - 4, big).dropped;
    if (total <= before) return;
    this.drops[local] = total;
    this.dropped += total - before;
  }

  linkType(local: number): number {
    return this.linkTypes[local]!;
  }

  snapLength(local: number): number {
    return this.snapLengths[local]!;
  }

  globalIndex(local: number): number {
    return this.indexes[local]!;
  }

  /**
   * Nanoseconds since 1970 are more than a double holds exactly, milliseconds are not: so the upper
   * half of the ticks counts as whole milliseconds and a small rest.
   */
  timestampMs(local: number, high: number, low: number): number {
    const rest = high * this.highRests[local]! + low * this.multipliers[local]!;
    return high * this.highMs[local]! + rest / this.divisors[local]! + this.offsets[local]!;
  }
}

/** Options: code u16 | length u16 | value, padded to 4. Damaged ones end the list. */
function readOptions(bytes: Uint8Array, start: number, end: number, big: boolean): Declaration {
  const found = { name: '', multiplier: 1, divisor: 1_000, offsetMs: 0, dropped: 0 };
  const read = big ? readUint32Big : readUint32Little;
  let at = start;
  while (at + 4 <= end) {
    const head = read(bytes, at);
    const code = big ? head >>> 16 : head & 0xffff;
    const size = big ? head & 0xffff : head >>> 16;
    const value = at + 4;
    if (code === Option.End || value + size > end) break;
    if (code === Option.Name) {
      found.name = Buffer.from(bytes.subarray(value, value + Math.min(size, MAX_NAME_BYTES)))
        .toString('utf8')
        .replace(/\0+$/, '');
    } else if (code === Option.Resolution && size >= 1) {
      setResolution(found, bytes[value]!);
    } else if (code === Option.Offset && size >= 8) {
      found.offsetMs = seconds64(read(bytes, value), read(bytes, value + 4), big) * 1_000;
    } else if (code === Option.DroppedByInterface && size >= 8) {
      found.dropped = unsigned64(read(bytes, value), read(bytes, value + 4), big);
    }
    at = value + ((size + 3) & ~3);
  }
  return found;
}

/** Highest bit clear: ticks of 10^-value seconds; set: of 2^-(value & 127) seconds. */
function setResolution(found: Declaration, value: number): void {
  const exponent = value & 0x7f;
  if (value & 0x80) {
    found.multiplier = 1_000;
    found.divisor = 2 ** exponent;
    return;
  }
  found.multiplier = exponent < 3 ? 10 ** (3 - exponent) : 1;
  found.divisor = exponent < 3 ? 1 : 10 ** (exponent - 3);
}

function unsigned64(first: number, second: number, big: boolean): number {
  return big ? first * TWO_TO_32 + second : second * TWO_TO_32 + first;
}

/** A signed 64-bit number of seconds. */
function seconds64(first: number, second: number, big: boolean): number {
  const high = (big ? first : second) | 0;
  const low = big ? second : first;
  return high * TWO_TO_32 + low;
}
