/** Copies a pcap file without some of its packets, chosen by a seeded generator: always the same ones. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { seededRandom } from '../../test/fuzz/random.ts';

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const chunkBytes = 4 << 20;

/** Whether an Ethernet/IPv4/TCP packet carries data. */
function carriesData(buffer: Buffer, ethernet: number): boolean {
  const ip = ethernet + 14;
  const ipHeader = (buffer[ip]! & 15) * 4;
  const tcpHeader = (buffer[ip + ipHeader + 12]! >> 4) * 4;
  return buffer.readUInt16BE(ip + 2) > ipHeader + tcpHeader;
}

export interface Drops {
  readonly dropped: number;
  readonly droppedWithData: number;
}

/** Little endian pcap in, the same without the share `loss` (0 to 1) of its packets out. */
export function dropPackets(from: string, to: string, loss: number): Drops {
  const random = seededRandom(20261124);
  const input = openSync(from, 'r');
  const output = openSync(to, 'w');
  const buffer = Buffer.allocUnsafe(chunkBytes * 2);
  const kept = Buffer.allocUnsafe(chunkBytes * 2);
  let dropped = 0;
  let droppedWithData = 0;
  let held = readSync(input, buffer, 0, fileHeaderBytes, null);
  writeSync(output, buffer, 0, held);
  held = 0;
  for (;;) {
    const got = readSync(input, buffer, held, chunkBytes, null);
    if (got === 0) break;
    const end = held + got;
    let at = 0;
    let keptBytes = 0;
    while (end - at >= recordHeaderBytes) {
      const length = recordHeaderBytes + buffer.readUInt32LE(at + 8);
      if (end - at < length) break;
      if (random() < loss) {
        dropped++;
        if (carriesData(buffer, at + recordHeaderBytes)) droppedWithData++;
      } else keptBytes += buffer.copy(kept, keptBytes, at, at + length);
      at += length;
    }
    writeSync(output, kept, 0, keptBytes);
    buffer.copy(buffer, 0, at, end);
    held = end - at;
  }
  closeSync(input);
  closeSync(output);
  return { dropped, droppedWithData };
}
