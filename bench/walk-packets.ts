/** Walks the packets of a capture with Mizu's first stage and reads their headers; prints their number. */
import { openFiles } from '../src/capture/index.ts';

let packets = 0;
let payloadBytes = 0;
const ethernet = 14;
const source = await openFiles([process.argv[2]!], {});
const sink = {
  packet(bytes: Uint8Array, start: number, end: number): void {
    packets++;
    const ip = start + ethernet;
    if (end - ip < 40 || bytes[ip]! >> 4 !== 4) return;
    const tcp = ip + (bytes[ip]! & 15) * 4;
    const length = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
    payloadBytes += ip + length - tcp - (bytes[tcp + 12]! >> 4) * 4;
  },
};
while ((await source.read(sink, 0)) >= 0);
source.close();
process.stderr.write(`${JSON.stringify({ packets, payloadBytes })}\n`);
