/** A capture file → what the reassembler says of its connections. */
import { openFiles } from '../../src/capture/index.ts';
import { Decoded, Decoder } from '../../src/decode/index.ts';
import { Reassembler, type StreamSink } from '../../src/reassemble/index.ts';

/** Reads the file whole; `sink` hears of every connection to its end. */
export async function readCapture<Context>(path: string, sink: StreamSink<Context>): Promise<void> {
  const decoder = new Decoder();
  const reassembler = new Reassembler(sink);
  const source = openFiles([path]);
  const packets = {
    packet(
      bytes: Uint8Array,
      start: number,
      end: number,
      wireLength: number,
      linkType: number,
      timestampMs: number,
    ): void {
      const what = decoder.decode(bytes, start, end, wireLength, linkType, timestampMs);
      if (what === Decoded.Tcp) reassembler.segment(decoder.segment);
    },
  };
  while ((await source.read(packets, 0)) >= 0);
  source.close();
  reassembler.end();
}
