import fs from 'node:fs';
import zlib from 'node:zlib';
import { MAGIC_BYTES, parserFor } from '../format/detect.ts';
import { InterfaceTable } from '../format/interface-table.ts';
import { reasonOf, SourceError } from '../source-error.ts';
import { compressionOf } from './inflate-input.ts';

/** Bytes looked at before a file is accepted; a compressed one must show its first bytes in them. */
const PROBE_BYTES = 64 << 10;

/**
 * Throws when the regular file is not a capture, so that it can be said before anything starts.
 * Whatever cannot be told from the first bytes is left to the reader.
 */
export function probe(name: string, descriptor: number): void {
  const bytes = new Uint8Array(PROBE_BYTES);
  let length: number;
  try {
    length = fs.readSync(descriptor, bytes, 0, PROBE_BYTES, 0);
  } catch (error) {
    throw new SourceError('unreadable', `${name}: cannot be read (${reasonOf(error)})`);
  }
  if (length === 0) throw new SourceError('not-a-capture', `${name}: the file is empty`);
  const head = unpack(bytes.subarray(0, length));
  if (head === undefined) return;
  if (head.length < MAGIC_BYTES || parserFor(head, new InterfaceTable()) === undefined) {
    const nested = head.length > 0 && compressionOf(head, head.length) !== undefined;
    if (!nested) {
      throw new SourceError(
        'not-a-capture',
        `${name}: is neither pcap nor pcapng; record one with tcpdump -w FILE`,
      );
    }
  }
}

/** The bytes themselves, or what they decompress to; undefined when that cannot be told. */
function unpack(bytes: Uint8Array): Uint8Array | undefined {
  const compression = compressionOf(bytes, bytes.length);
  if (compression === undefined) return bytes;
  try {
    const options = { maxOutputLength: PROBE_BYTES * 64 };
    const head =
      compression === 'gzip'
        ? zlib.gunzipSync(bytes, { ...options, finishFlush: zlib.constants.Z_SYNC_FLUSH })
        : zlib.zstdDecompressSync(bytes, {
            ...options,
            finishFlush: zlib.constants.ZSTD_e_flush,
          });
    return head.length >= MAGIC_BYTES ? head : undefined;
  } catch {
    return undefined;
  }
}
