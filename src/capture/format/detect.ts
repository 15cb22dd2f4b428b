import type { InterfaceTable } from './interface-table.ts';
import { isPcap, PcapParser } from './pcap.ts';
import { isPcapng, PcapngParser } from './pcapng.ts';
import type { RecordParser } from './record-parser.ts';

/** Bytes that are enough to know the format. */
export const MAGIC_BYTES = 4;

/** The parser for a capture that begins with `bytes` (at least `MAGIC_BYTES`), if it is one. */
export function parserFor(bytes: Uint8Array, interfaces: InterfaceTable): RecordParser | undefined {
  if (isPcap(bytes)) return new PcapParser(interfaces);
  if (isPcapng(bytes)) return new PcapngParser(interfaces);
  return undefined;
}
