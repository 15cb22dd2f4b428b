import type { PacketSource } from './contract.ts';

/** A source that also knows the names of the interfaces its packets came from. */
export interface CaptureSource extends PacketSource {
  /** The name of the interface that packets carry as `interfaceIndex`, or an empty text. */
  interfaceName(interfaceIndex: number): string;
}
