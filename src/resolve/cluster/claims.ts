/**
 * Which owner an address had when. Addresses of pods are used again within minutes, so each claim on
 * one has the time in which it was true, and a question comes with the time of its packet.
 */
import type { Identity } from '../contract.ts';

/** Somebody that addresses belong to. */
export interface Owner {
  identityAt(port: number, timeMs: number): Identity;
  /** Every identity it may be given, now or at another time. */
  identities(): Iterable<Identity>;
}

/** `[from, to)` in ms since 1970; `to` is infinite while it is true. */
export interface Span {
  from: number;
  to: number;
}

export interface Claim extends Span {
  readonly owner: Owner;
}

/** Clocks of nodes differ, and Kubernetes rounds times down to seconds: so far before a claim it holds too. */
const earlyMs = 10_000;
/** Last packets of a connection still come after its pod is gone, when nobody has the address since. */
const lateMs = 30_000;

/** The latest claim that holds at a time; `lenient` ones near it count when none holds. */
export function pick<S extends Span>(
  spans: readonly S[] | undefined,
  timeMs: number,
  lenient: boolean,
): S | undefined {
  if (spans === undefined) return undefined;
  let nearest: S | undefined;
  let distance = Number.POSITIVE_INFINITY;
  let latest: S | undefined;
  for (const span of spans) {
    if (span.from <= timeMs && timeMs < span.to) {
      if (latest === undefined || span.from >= latest.from) latest = span;
    } else if (lenient && latest === undefined) {
      const before = span.from - timeMs;
      const after = timeMs - span.to;
      const away = before > 0 ? before : after;
      if (away <= (before > 0 ? earlyMs : lateMs) && away < distance) {
        nearest = span;
        distance = away;
      }
    }
  }
  return latest ?? nearest;
}

interface AddressClaims {
  /** Claims on every port. */
  readonly whole: Claim[];
  /** Claims on one port, which go before those on every port. */
  ports?: Map<number, Claim[]>;
  /** Named as an endpoint of a service, for when the address is nothing else. */
  weak?: Claim[];
}

/** On what of an address: a port, all of it, or all of it when nobody else claims it. */
export type Extent = number | 'whole' | 'weak';

export class ClaimTable {
  readonly #byAddress = new Map<string, AddressClaims>();

  get size(): number {
    return this.#byAddress.size;
  }

  add(address: string, extent: Extent, owner: Owner, span: Span): Claim {
    const claim: Claim = { owner, from: span.from, to: span.to };
    this.#list(address, extent).push(claim);
    return claim;
  }

  remove(address: string, extent: Extent, claim: Claim): void {
    const claims = this.#byAddress.get(address);
    if (!claims) return;
    const list = this.#list(address, extent);
    const at = list.indexOf(claim);
    if (at >= 0) list.splice(at, 1);
    if (typeof extent === 'number' && list.length === 0) claims.ports?.delete(extent);
    const isEmpty = claims.whole.length === 0 && !claims.ports?.size && !claims.weak?.length;
    if (isEmpty) this.#byAddress.delete(address);
  }

  /** The owner at a time, or undefined. */
  ownerAt(address: string, port: number, timeMs: number): Owner | undefined {
    const claims = this.#byAddress.get(address);
    if (!claims) return undefined;
    const onPort = claims.ports?.get(port);
    const claim =
      pick(onPort, timeMs, false) ??
      pick(claims.whole, timeMs, false) ??
      pick(onPort, timeMs, true) ??
      pick(claims.whole, timeMs, true) ??
      pick(claims.weak, timeMs, true);
    return claim?.owner;
  }

  /** Every address with each of its owners, once a claim. */
  *entries(): Iterable<readonly [address: string, owner: Owner]> {
    for (const [address, { whole, ports, weak }] of this.#byAddress) {
      for (const claim of whole) yield [address, claim.owner];
      for (const claim of weak ?? []) yield [address, claim.owner];
      for (const list of ports?.values() ?? []) {
        for (const claim of list) yield [address, claim.owner];
      }
    }
  }

  #list(address: string, extent: Extent): Claim[] {
    let claims = this.#byAddress.get(address);
    if (!claims) {
      claims = { whole: [] };
      this.#byAddress.set(address, claims);
    }
    if (extent === 'whole') return claims.whole;
    if (extent === 'weak') {
      claims.weak ??= [];
      return claims.weak;
    }
    claims.ports ??= new Map();
    let list = claims.ports.get(extent);
    if (!list) {
      list = [];
      claims.ports.set(extent, list);
    }
    return list;
  }
}
