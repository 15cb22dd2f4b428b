/**
 * Addresses that an answer of the domain name system gives to a name. RFC 1035 section 4.1, RFC 3596;
 * numbers big-endian:
 *
 *   header    u16 id · u16 flags · u16 questions · u16 answers · u16 authorities · u16 more
 *   question  name · u16 type · u16 class
 *   answer    name · u16 type · u16 class · u32 seconds to live · u16 length · data
 *   name      any number of u8 length · label, then u8 0, or u16 0xc000 and the place where it goes on
 *
 * An answer is a claim of whoever sent the packet. Nothing of it is trusted but its form.
 */
const headerBytes = 12;
const answerFlag = 0x8000;
const opcodeMask = 0x7800;
const failureMask = 0x000f;
const internet = 1;
const RecordType = { A: 1, Cname: 5, Aaaa: 28 } as const;

/** Records looked at, of answers that list many addresses. */
const maxRecords = 64;
/** Links of a chain of aliases. */
const maxAliases = 16;
const maxNameBytes = 253;
/** Pointers followed within one name. */
const maxPointers = 16;

export type TakeAddress = (name: string, address: Uint8Array) => void;

/** The datagram `bytes[start, end)`. `take` gets 16 bytes, IPv4 mapped, that are only good for the call. */
export function readDnsAnswers(
  bytes: Uint8Array,
  start: number,
  end: number,
  take: TakeAddress,
): void {
  if (end - start < headerBytes) return;
  new Answer(bytes, start, end).read(take);
}

class Answer {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start + headerBytes;
  }

  read(take: TakeAddress): void {
    const flags = this.#u16(this.#start + 2);
    const isAnswer = (flags & answerFlag) !== 0 && (flags & opcodeMask) === 0;
    // What is asked is one name; more questions are not in use.
    if (!isAnswer || (flags & failureMask) !== 0 || this.#u16(this.#start + 4) !== 1) return;
    const asked = this.#name();
    this.#at += 4;
    if (asked === undefined || asked === '') return;
    const names = new Set([asked]);
    const records = Math.min(this.#u16(this.#start + 6), maxRecords);
    for (let record = 0; record < records; record++) {
      if (!this.#record(asked, names, take)) return;
    }
  }

  /** Aliases stand before what they lead to; servers send them so. False: nothing more can be read. */
  #record(asked: string, names: Set<string>, take: TakeAddress): boolean {
    const owner = this.#name();
    const at = this.#at;
    if (owner === undefined || at + 10 > this.#end) return false;
    const type = this.#u16(at);
    const length = this.#u16(at + 8);
    const data = at + 10;
    if (data + length > this.#end) return false;
    this.#at = data + length;
    if (this.#u16(at + 2) !== internet || !names.has(owner)) return true;
    if (type === RecordType.Cname && names.size <= maxAliases) {
      this.#at = data;
      const alias = this.#name();
      this.#at = data + length;
      if (alias !== undefined) names.add(alias);
    } else if (type === RecordType.A && length === 4) {
      const address = new Uint8Array(16).fill(0xff, 10, 12);
      address.set(this.#bytes.subarray(data, data + 4), 12);
      take(asked, address);
    } else if (type === RecordType.Aaaa && length === 16) {
      take(asked, this.#bytes.subarray(data, data + 16));
    }
    return true;
  }

  /** The name at `#at`, lower case, without the last dot; moves behind it. */
  #name(): string | undefined {
    let name = '';
    let at = this.#at;
    let isBehind = false;
    for (let pointers = 0; at < this.#end; ) {
      const length = this.#bytes[at]!;
      if (length === 0) {
        if (!isBehind) this.#at = at + 1;
        return name.toLowerCase();
      }
      if (length >= 0xc0) {
        if (at + 2 > this.#end || ++pointers > maxPointers) return undefined;
        if (!isBehind) this.#at = at + 2;
        isBehind = true;
        at = this.#start + (this.#u16(at) & 0x3fff);
        continue;
      }
      if (length > 63 || at + 1 + length > this.#end) return undefined;
      if (name.length + 1 + length > maxNameBytes) return undefined;
      if (name !== '') name += '.';
      for (let i = 1; i <= length; i++) name += String.fromCharCode(this.#bytes[at + i]!);
      at += 1 + length;
    }
    return undefined;
  }

  #u16(at: number): number {
    return at + 2 > this.#end ? 0 : this.#bytes[at]! * 256 + this.#bytes[at + 1]!;
  }
}
