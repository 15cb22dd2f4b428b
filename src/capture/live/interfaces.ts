import fs from 'node:fs';
import os from 'node:os';
import { LinkType } from '../contract.ts';
import { SourceError } from '../source-error.ts';
import { systemCalls } from './system-calls.ts';

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
        index: process.platform === 'linux' ? indexOf(name) : 0,
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
  // Lines `name | tag | parent` below two of headings.
  return readText('/proc/net/vlan/config')
    .split('\n')
    .slice(2)
    .some((line) => indexOf(line.split('|')[0]!.trim()) === index);
}

/**
 * Names of this network namespace's interfaces. From /proc, because /sys can show those of another
 * namespace (`ip netns exec` and some containers).
 */
function interfaceNames(): string[] | undefined {
  const names: string[] = [];
  for (const line of readText('/proc/net/dev').split('\n')) {
    const match = /^\s*(\S+?):/.exec(line);
    if (match !== null) names.push(match[1]!);
  }
  return names.length > 0 ? names : undefined;
}

/** The kernel's number of an interface, 0 when there is none of this name. */
function indexOf(name: string): number {
  try {
    return systemCalls().interfaceIndex(name);
  } catch {
    return Number(property(name, 'ifindex'));
  }
}

function property(name: string, file: string): string {
  return readText(`/sys/class/net/${name}/${file}`).trim();
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
