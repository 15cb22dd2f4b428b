/** Names heard on the wire, behind those that are known: for one machine and for files. */
import type { Identity, NameOrigin, NameResolver } from './contract.ts';
import { Hosts } from './hosts.ts';

export class HostNames implements NameResolver {
  readonly #known: NameResolver;
  readonly #hosts = new Hosts();

  constructor(known: NameResolver) {
    this.#known = known;
  }

  identify(address: string, port: number, timeMs: number): Identity | undefined {
    return this.#known.identify(address, port, timeMs) ?? this.#hosts.identify(address, timeMs);
  }

  /** Loopback is this machine, whatever it is called. */
  learnHost(address: string, host: string, timeMs: number, origin: NameOrigin): void {
    if (address.startsWith('127.') || address === '::1') return;
    this.#hosts.learn(address, host, timeMs, origin);
  }
}
