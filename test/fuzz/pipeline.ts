/**
 * Whole captures with damage through the whole pipeline: packets are changed, cut, doubled, dropped and
 * swapped, bodies and heads with them. Every row must lie within its batch, and everything kept must be
 * decodable and describable without an exception.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openFiles } from '../../src/capture/index.ts';
import { storedFromBatch } from '../../src/entry/row.ts';
import { decodeStored } from '../../src/entry/subject.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { protocolByCode } from '../../src/protocols/index.ts';
import type { Batch } from '../../src/ship/batch.ts';
import { Capture } from '../../src/ship/columns.ts';
import { seededRandom } from './random.ts';

const captures = join(import.meta.dirname, '../../../shared/pcaps');
/** Larger captures would make the others rare. */
const packetsPerCapture = 2000;

interface Packet {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly linkType: number;
  readonly timestampMs: number;
}

interface PipelineFuzzOptions {
  readonly packets?: number;
  readonly minutes?: number;
  readonly seed: number;
}

interface PipelineFuzzResult {
  packets: number;
  rows: number;
  decoded: number;
}

async function readAll(): Promise<Packet[][]> {
  if (!existsSync(captures)) return [];
  const all: Packet[][] = [];
  for (const file of readdirSync(captures)) {
    if (!/http|upload|connect|pipelin|chunk/i.test(file) || !/\.pcap(ng)?$/.test(file)) continue;
    const packets: Packet[] = [];
    const source = await openFiles([join(captures, file)], {});
    const keep = {
      packet(
        bytes: Uint8Array,
        start: number,
        end: number,
        wireLength: number,
        linkType: number,
        timestampMs: number,
      ) {
        if (packets.length < packetsPerCapture) {
          packets.push({ bytes: bytes.slice(start, end), wireLength, linkType, timestampMs });
        }
      },
    };
    while ((await source.read(keep, 0)) >= 0);
    source.close();
    all.push(packets);
  }
  return all;
}

/** Runs until the number of packets or minutes is reached. Throws at the first broken promise. */
export async function runPipelineFuzz(options: PipelineFuzzOptions): Promise<PipelineFuzzResult> {
  const random = seededRandom(options.seed);
  const all = await readAll();
  const until = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const limit = options.packets ?? Number.POSITIVE_INFINITY;
  const result: PipelineFuzzResult = { packets: 0, rows: 0, decoded: 0 };
  for (let round = 0; all.length > 0 && result.packets < limit && Date.now() < until; round++) {
    const packets = all[Math.floor(random() * all.length)]!;
    try {
      replay(packets, random, result);
    } catch (error) {
      throw new Error(`seed ${options.seed}, round ${round}: ${String(error)}`, { cause: error });
    }
  }
  return result;
}

function replay(
  packets: readonly Packet[],
  random: () => number,
  result: PipelineFuzzResult,
): void {
  const pipeline = new Pipeline(
    {
      thread: 0,
      node: 0,
      capture: Capture.File,
      bodyLimitBytes: random() < 0.5 ? 100 : 1 << 20,
      redact: random() < 0.5,
      demoPorts: [],
      batchRows: 64,
      batchHeapBytes: 64 << 10,
      windowBytes: random() < 0.2 ? 20_000 : 1 << 24,
    },
    (batch) => {
      check(batch, random, result);
      batch.heap.fill(0xaa);
      pipeline.recycle(batch.buffer);
    },
  );
  const harm = random() < 0.2 ? 0 : random() * 0.2;
  const order = [...packets];
  for (let i = 1; i < order.length; i++) {
    if (random() < harm / 4) [order[i - 1], order[i]] = [order[i]!, order[i - 1]!];
  }
  for (const packet of order) {
    result.packets++;
    if (random() < harm / 4) continue;
    feed(pipeline, packet, random, harm);
    if (random() < harm / 4) feed(pipeline, packet, random, harm);
    if (random() < 0.01) pipeline.flush(random() < 0.5);
  }
  pipeline.end();
}

function feed(pipeline: Pipeline, packet: Packet, random: () => number, harm: number): void {
  const bytes = packet.bytes.slice();
  let end = bytes.length;
  if (random() < harm) {
    // Payloads are hit more often than headers: a broken header only loses the packet.
    const from = random() < 0.8 ? Math.min(54, end) : 0;
    const hits = 1 + Math.floor(random() * 4);
    for (let i = 0; i < hits; i++) {
      bytes[from + Math.floor(random() * (end - from))] = Math.floor(random() * 256);
    }
    if (random() < 0.1) end = Math.floor(random() * end);
  }
  pipeline.packet(bytes, 0, end, packet.wireLength, packet.linkType, packet.timestampMs);
  bytes.fill(0x55);
}

function check(batch: Batch, random: () => number, result: PipelineFuzzResult): void {
  const { columns, heapUsed } = batch;
  for (let row = 0; row < batch.rows; row++) {
    result.rows++;
    for (const side of ['request', 'response'] as const) {
      const end = columns[`${side}Offset`][row]! + columns[`${side}Length`][row]!;
      if (end > heapUsed) throw new Error(`${side} of row ${row} ends at ${end} of ${heapUsed}`);
    }
    for (const name of ['method', 'target', 'host', 'contentType', 'traceId'] as const) {
      const end = columns[name][row * 2]! + columns[name][row * 2 + 1]!;
      if (end > heapUsed) throw new Error(`${name} of row ${row} ends at ${end} of ${heapUsed}`);
    }
    if (random() > 0.2) continue;
    const stored = storedFromBatch(batch, row, { protocolByCode });
    const protocol = protocolByCode(stored.protocolCode);
    if (protocol === undefined) throw new Error(`row ${row} is of no protocol`);
    // `decodeStored` would hide an exception; here it must show.
    JSON.stringify(protocol.describe(protocol.decode(stored.payload)));
    JSON.stringify(decodeStored(stored, protocolByCode));
    result.decoded++;
  }
}
