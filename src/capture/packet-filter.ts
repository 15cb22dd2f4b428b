import type { PacketSink } from './contract.ts';
export class PacketFilter { ignored=0; ignoredBytes=0; before(s: PacketSink){return s} }
export function packetFilter(_e: string): PacketFilter { return new PacketFilter() }
