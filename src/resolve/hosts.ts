/**
 * Names of addresses outside the cluster, as DNS answers and Host or SNI texts on the wire said. They
 * are claims of strangers: used only where the cluster knows nothing, and marked `external`.
 */
import { canonicalAddress } from './address.ts';
import type { Identity, NameOrigin } from './contract.ts';

/** Addresses remembered; the one that was learned longest ago makes room. */
const maxAddresses = 20_000;
/** Names of one address: a content network serves many hosts from one. */
const maxNames = 8;
/** RFC 1035, with the underscores that are in use. */
const hostPattern =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

interface HostName {
  readonly identity: Identity;
  /** First and last time it was said, ms. */
  readonly from: number;
  until: number;
}

/** The host of `shop.example:8080`, lower-case, or undefined when it is none, or an address. */
export function hostName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
  const isAddress = canonicalAddress(name) !== undefined || /^[\d.]+$/.test(name);
  return !isAddress && hostPattern.test(name) ? name : undefined;
}

export type SavedHost = readonly [
  address: string,
  name: string,
  from: number,
  until: number,
  origin: NameOrigin,
];

/** A Host header says what a client chose to write; the others, where it was led to. */
const ranks: Readonly<Record<NameOrigin, number>> = { dns: 2, sni: 2, host: 1 };

function rankOf({ identity }: HostName): number {
  return ranks[identity.origin ?? 'host'];
}

export class Hosts {
  readonly #byAddress = new Map<string, HostName[]>();
  /** Addresses that were learned since they were saved. */
  readonly unsaved = new Set<string>();

  /** Whether the answer for the address has changed. */
  learn(address: string, host: string, timeMs: number, origin: NameOrigin): boolean {
    const name = hostName(host);
    if (name === undefined) return false;
    const names = this.#byAddress.get(address) ?? [];
    // What is said last of the same kind goes on; names of several kinds stand side by side.
    const last = names.findLast(({ identity }) => identity.origin === origin);
    if (last?.identity.name === name) {
      last.until = Math.max(last.until, timeMs);
      return false;
    }
    this.#add(address, names, {
      identity: { kind: 'external', name, origin },
      from: timeMs,
      until: timeMs,
    });
    this.unsaved.add(address);
    return true;
  }

  /**
   * What the address was called last before the time; for older times, what it was called first. Of
   * several kinds the more reliable one.
   */
  identify(address: string, timeMs: number): Identity | undefined {
    const all = this.#byAddress.get(address);
    if (!all) return undefined;
    const best = Math.max(...all.map(rankOf));
    const names = all.filter((name) => rankOf(name) === best);
    const before = names.findLast((name) => name.from <= timeMs);
    return (before ?? names[0])?.identity;
  }

  *identities(): Iterable<readonly [address: string, identity: Identity]> {
    for (const [address, names] of this.#byAddress) {
      for (const { identity } of names) yield [address, identity];
    }
  }

  restore([address, name, from, until, origin]: SavedHost): void {
    const names = this.#byAddress.get(address) ?? [];
    if (hostName(name) !== name) return;
    this.#add(address, names, { identity: { kind: 'external', name, origin }, from, until });
  }

  *saved(addresses: Iterable<string> = this.#byAddress.keys()): Iterable<SavedHost> {
    for (const address of addresses) {
      for (const { identity, from, until } of this.#byAddress.get(address) ?? []) {
        yield [address, identity.name, from, until, identity.origin ?? 'host'];
      }
    }
  }

  #add(address: string, names: HostName[], name: HostName): void {
    const others = names.filter(({ from, identity }) => {
      return from !== name.from || identity.name !== name.identity.name;
    });
    others.push(name);
    others.sort((a, b) => a.from - b.from);
    // Learned last stands last: the first of the map makes room.
    this.#byAddress.delete(address);
    this.#byAddress.set(address, others.slice(-maxNames));
    if (this.#byAddress.size > maxAddresses) {
      const [oldest = ''] = this.#byAddress.keys();
      this.#byAddress.delete(oldest);
      this.unsaved.delete(oldest);
    }
  }
}
