import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PacketSink, PacketSource } from '../contract.ts';

/** One packet, copied. */
export interface SeenPacket {
  readonly bytes: Buffer;
  readonly wireLength: number;
  readonly linkType: number;
  readonly timestampMs: number;
  readonly interfaceIndex: number;
}

/** A sink that keeps copies of all packets. */
export function collector(): PacketSink & { readonly seen: SeenPacket[] } {
  const seen: SeenPacket[] = [];
  return {
    seen,
    packet(bytes, start, end, wireLength, linkType, timestampMs, interfaceIndex): void {
      const copy = Buffer.from(bytes.subarray(start, end));
      seen.push({ bytes: copy, wireLength, linkType, timestampMs, interfaceIndex });
    },
  };
}

/** Reads a source to its end and closes it. */
export async function readAll(source: PacketSource): Promise<SeenPacket[]> {
  const sink = collector();
  while ((await source.read(sink, 1_000)) >= 0);
  source.close();
  return sink.seen;
}

/** A folder for one test file, gone when the process ends. */
export function temporaryFolder(): { file(name: string, bytes: Uint8Array): string; path: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mizu-capture-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return {
    path: folder,
    file(name, bytes): string {
      const full = path.join(folder, name);
      fs.writeFileSync(full, bytes);
      return full;
    },
  };
}

/** Whether a program can be run here. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const CAPTURES = path.resolve('../shared/pcaps');

/** Captures made by others, when they are at hand. */
export function sharedCaptures(): { name: string; path: string; packets: number | null }[] {
  if (!fs.existsSync(CAPTURES)) return [];
  return fs
    .readdirSync(CAPTURES)
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
    .map((name) => {
      const truth = fs.readFileSync(path.join(CAPTURES, 'truth', `${name}.jsonl`), 'utf8');
      const first = JSON.parse(truth.slice(0, truth.indexOf('\n'))) as { packets: number | null };
      return { name, path: path.join(CAPTURES, name), packets: first.packets };
    });
}
