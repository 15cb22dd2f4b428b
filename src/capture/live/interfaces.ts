import fs from 'node:fs';
import os from 'node:os';
import { LinkType } from '../contract.ts';
import { SourceError } from '../source-error.ts';

const FOLDER = '/sys/class/net';

/** ARPHRD numbers (Linux' if_arp.h) whose packets begin with an Ethernet header. */
const ARPHRD_ETHER = 1;
export const ARPHRD_LOOPBACK = 772;

/** A network interface of this machine. */
export interface NetworkInterface {
  readonly name: string;
  /** The kernel's number, which live packets carry as `interfaceIndex`; 0 when unknown. */
  readonly index: number;
  /** Of its packets, as `openLive` hands them on. */
  readonly linkType: number;
  readonly up: boolean;
  readonly addresses: readonly string[];
}

/** The network interfaces of this machine (of this network namespace), by number. */
export function listInterfaces(): NetworkInterface[] {
  const addresses = os.networkInterfaces();
  const names = interfaceNames() ?? Object.keys(addresses);
  return names
    .map((name) => {
      const flags = Number(property(name, 'flags') || '0');
      return {
        name,
        index: Number(property(name, 'ifindex') || '0'),
        linkType: linkTypeOf(Number(property(name, 'type') || ARPHRD_ETHER)),
        up: (flags & 1) === 1 || addresses[name] !== undefined,
        addresses: (addresses[name] ?? []).map((entry) => entry.address),
      };
    })
    .sort((one, other) => one.index - other.index);
}

/**
 * The link type of packets from interfaces with this ARPHRD number: Ethernet, or IP without anything
 * in front for tunnels, PPP and whatever else, because the kernel says where IP begins.
 */
export function linkTypeOf(hardwareType: number): number {
  return hardwareType === ARPHRD_ETHER || hardwareType === ARPHRD_LOOPBACK
    ? LinkType.Ethernet
    : LinkType.RawIp;
}

/** The interfaces with these names; throws a `SourceError` for one that does not exist. */
export function interfacesNamed(names: readonly string[]): NetworkInterface[] {
  const existing = listInterfaces();
  return names.map((name) => {
    const found = existing.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const choice = existing.map((candidate) => candidate.name).join(', ');
    throw new SourceError(
      'unknown-interface',
      `there is no network interface "${name}" here; there are: ${choice}`,
    );
  });
}

/** Whether the interface (by number) carries the packets of one VLAN of another interface. */
export function isVlanInterface(index: number): boolean {
  for (const name of interfaceNames() ?? []) {
    if (Number(property(name, 'ifindex')) === index) {
      return property(name, 'uevent').includes('DEVTYPE=vlan');
    }
  }
  return false;
}

function interfaceNames(): string[] | undefined {
  try {
    // Beside interfaces the folder can hold files (bonding_masters).
    return fs.readdirSync(FOLDER).filter((name) => property(name, 'ifindex') !== '');
  } catch {
    return undefined;
  }
}

function property(name: string, file: string): string {
  try {
    return fs.readFileSync(`${FOLDER}/${name}/${file}`, 'utf8').trim();
  } catch {
    return '';
  }
}
