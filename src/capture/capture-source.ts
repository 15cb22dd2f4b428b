import type { PacketSource } from './contract.ts';
import type { CaptureTargets } from './targets.ts';

/** A source that also knows the names of the interfaces its packets came from. */
export interface CaptureSource extends PacketSource {
  /** The name of the interface that packets carry as `interfaceIndex`, or an empty text. */
  interfaceName(interfaceIndex: number): string;
  /** Reads these targets from the next packet on; connections of theirs go on. Live sources only. */
  retarget?(targets: CaptureTargets): void;
}
