import { describe, expect, it } from 'vitest';
import { HeardNames } from './heard-names.ts';
import { HostNames } from './host-names.ts';
import { Hosts } from './hosts.ts';

describe('the name of an address outside', () => {
  it('tells where it is from', () => {
    const hosts = new Hosts();
    hosts.learn('192.0.2.1', 'maps.example', 1000, 'dns');
    expect(hosts.identify('192.0.2.1', 1000)).toEqual({
      kind: 'external',
      name: 'maps.example',
      origin: 'dns',
    });
  });

  it('is what it was led to rather than what a client wrote', () => {
    const hosts = new Hosts();
    hosts.learn('192.0.2.1', 'maps.example', 1000, 'sni');
    hosts.learn('192.0.2.1', 'anything.example', 2000, 'host');
    expect(hosts.identify('192.0.2.1', 3000)).toMatchObject({
      name: 'maps.example',
      origin: 'sni',
    });
    hosts.learn('192.0.2.1', 'tiles.example', 2500, 'dns');
    expect(hosts.identify('192.0.2.1', 3000)?.name).toBe('tiles.example');
  });

  it('comes after what is known, and is never that of loopback', () => {
    const names = new HostNames({
      identify: (address) =>
        address === '10.0.0.1' ? { kind: 'service', name: 'cart' } : undefined,
    });
    for (const address of ['10.0.0.1', '127.0.0.1', '192.0.2.1']) {
      names.learnHost(address, 'maps.example', 1000, 'dns');
    }
    const called = (address: string) => names.identify(address, 80, 1000)?.name;
    expect(called('10.0.0.1')).toBe('cart');
    expect(called('127.0.0.1')).toBeUndefined();
    expect(called('192.0.2.1')).toBe('maps.example');
  });
});

describe('names that were heard', () => {
  it('are told once, and again after a while', () => {
    const heard = new HeardNames();
    for (const timeMs of [0, 1000, 599_000]) heard.hear('192.0.2.1', 'a.example', 'dns', timeMs);
    expect(heard.take()).toHaveLength(1);
    heard.hear('192.0.2.1', 'a.example', 'dns', 600_000);
    expect(heard.take()).toHaveLength(1);
    expect(heard.take()).toEqual([]);
  });

  it('take no more memory than they may, however many come', () => {
    const heard = new HeardNames();
    for (let host = 0; host < 30_000; host++) {
      heard.hear('192.0.2.1', `h${host}.example`, 'dns', 0);
    }
    expect(heard.take().length).toBeLessThanOrEqual(2000);
    expect(heard.lost).toBeGreaterThan(20_000);
  });
});
