import { LinkType } from '../contract.ts';

/** Interfaces that files may declare in all; a capture of a large node has a few hundred. */
export const MAX_INTERFACES = 65_536;

/** One interface as the capture file declares it. */
export interface CaptureInterface {
  /** Name as in the file, or an empty text. */
  readonly name: string;
  readonly linkType: number;
}

/** Numbers the interfaces of all files and sections of a source: the `interfaceIndex` of packets. */
export class InterfaceTable {
  private readonly interfaces: CaptureInterface[] = [];

  /** Returns the new interface's index, or -1 when there are too many. */
  add(name: string, linkType: number): number {
    if (this.interfaces.length >= MAX_INTERFACES) return -1;
    this.interfaces.push({ name, linkType });
    return this.interfaces.length - 1;
  }

  at(index: number): CaptureInterface | undefined {
    return this.interfaces[index];
  }
}

/**
 * Raw IP has other numbers in files that wrote the operating system's own value instead of the
 * registry's: 12 on most systems, 14 on OpenBSD.
 */
export function normalLinkType(linkType: number): number {
  return linkType === 12 || linkType === 14 ? LinkType.RawIp : linkType;
}
