/** Batch → names of addresses outside the cluster, from the hosts that clients asked for. */
import type { NameOrigin, NameResolver } from '../resolve/contract.ts';
import type { Batch } from '../ship/batch.ts';
import { cachedAddressText, type ProtocolByCode } from './row.ts';

/** A resolver that takes what traffic says where it knows nothing itself. */
export interface HostLearner extends NameResolver {
  learnHost(address: string, host: string, timeMs: number, origin: NameOrigin): void;
}

/** A host is longer than this only to do harm (RFC 1035), its port included. */
const maxHostBytes = 260;

/** Cheap for rows whose destination has a name: those are nearly all. */
export function learnHosts(
  { columns, heap, rows }: Batch,
  names: HostLearner,
  protocolByCode: ProtocolByCode,
): undefined {
  for (let row = 0; row < rows; row++) {
    const length = columns.host[row * 2 + 1]!;
    // Behind a translation stands something of the cluster.
    if (length === 0 || length > maxHostBytes || columns.frontPort[row] !== 0) continue;
    const address = cachedAddressText(columns.destinationAddress, row * 16);
    const timeMs = columns.idTime[row]! / 1000;
    const known = names.identify(address, columns.destinationPort[row]!, timeMs);
    if (known !== undefined && known.kind !== 'external') continue;
    if (protocolByCode(columns.protocol[row]!)?.virtualHosts === true) continue;
    const at = columns.host[row * 2]!;
    if (at + length > heap.length) continue;
    const host = Buffer.from(heap.buffer, heap.byteOffset + at, length).toString('latin1');
    names.learnHost(address, host, timeMs, 'host');
  }
}
