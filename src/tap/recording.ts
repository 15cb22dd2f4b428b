/** Plays a capture file at its own pace, again and again, as if it happened now. */
import type { PacketSink, PacketSource, SourceCounters } from '../capture/contract.ts';
import { openFiles } from '../capture/file-source.ts';

/** Pause between the end of the recording and its next start, ms. */
const pauseMs = 1500;
/** A recording is held in memory; a longer one is played up to here. */
const maxBytes = 64 << 20;

interface Recorded {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly linkType: number;
  readonly timestampMs: number;
}

class RecordingSource implements PacketSource {
  readonly description = 'a recording of the demo shop';
  readonly #packets: readonly Recorded[];
  readonly #counters: SourceCounters;
  #next = 0;
  /** Added to the recorded times. */
  #shift: number;

  constructor(packets: readonly Recorded[]) {
    this.#packets = packets;
    this.#shift = Date.now() - (packets[0]?.timestampMs ?? 0);
    this.#counters = {
      packets: 0,
      bytes: 0,
      dropped: 0,
      ignored: 0,
      totalBytes: 0,
      readBytes: 0,
    };
  }

  async read(sink: PacketSink, waitMs: number): Promise<number> {
    let handed = 0;
    while (this.#next < this.#packets.length) {
      const packet = this.#packets[this.#next]!;
      const due = packet.timestampMs + this.#shift;
      if (due > Date.now()) break;
      this.#next++;
      handed++;
      const { bytes } = packet;
      this.#counters.packets++;
      this.#counters.bytes += packet.wireLength;
      sink.packet(bytes, 0, bytes.length, packet.wireLength, packet.linkType, due, 0);
    }
    if (this.#next >= this.#packets.length) this.#rewind();
    if (handed === 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return handed;
  }

  counters(): SourceCounters {
    return this.#counters;
  }

  damage(): readonly [] {
    return [];
  }

  close(): void {
    this.#next = 0;
  }

  #rewind(): void {
    this.#next = 0;
    this.#shift = Date.now() + pauseMs - (this.#packets[0]?.timestampMs ?? 0);
  }
}

/** Reads a capture file whole and plays it. Throws `SourceError` like `openFiles`. */
export async function openRecording(path: string): Promise<PacketSource> {
  const packets: Recorded[] = [];
  let held = 0;
  const collect: PacketSink = {
    packet(bytes, start, end, wireLength, linkType, timestampMs) {
      if (held + end - start > maxBytes) return;
      held += end - start;
      packets.push({ bytes: bytes.slice(start, end), wireLength, linkType, timestampMs });
    },
  };
  const source = await openFiles([path], {});
  try {
    while ((await source.read(collect, 0)) >= 0);
  } finally {
    source.close();
  }
  return new RecordingSource(packets);
}
