/** A capture several times over: later and between other addresses each time, so all connections are new. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const chunkBytes = 4 << 20;
const ethernetBytes = 14;
/** Between the beginnings of two copies. */
const copySeconds = 120;

/** Little endian Ethernet/IPv4 pcap in, `times` copies one behind the other out. */
export function repeatCapture(from: string, to: string, times: number): void {
  const output = openSync(to, 'w');
  const buffer = Buffer.allocUnsafe(chunkBytes * 2);
  for (let copy = 0; copy < times; copy++) {
    const input = openSync(from, 'r');
    const header = readSync(input, buffer, 0, fileHeaderBytes, null);
    if (copy === 0) writeSync(output, buffer, 0, header);
    let held = 0;
    for (;;) {
      const got = readSync(input, buffer, held, chunkBytes, null);
      if (got === 0) break;
      const end = held + got;
      const whole = moveRecords(buffer, end, copy);
      writeSync(output, buffer, 0, whole);
      buffer.copy(buffer, 0, whole, end);
      held = end - whole;
    }
    closeSync(input);
  }
  closeSync(output);
}

/** Changes the whole records in `[0, end)` and returns where they end. */
function moveRecords(buffer: Buffer, end: number, copy: number): number {
  let at = 0;
  while (end - at >= recordHeaderBytes) {
    const length = recordHeaderBytes + buffer.readUInt32LE(at + 8);
    if (end - at < length) break;
    buffer.writeUInt32LE(buffer.readUInt32LE(at) + copy * copySeconds, at);
    const ip = at + recordHeaderBytes + ethernetBytes;
    // Third byte of 127.0.0.1, source and destination.
    buffer[ip + 14] = copy;
    buffer[ip + 18] = copy;
    at += length;
  }
  return at;
}
