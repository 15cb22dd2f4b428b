import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSTRUCTION_BYTES, Interpreter, rangesOver } from './bpf/index.ts';
import { kernelPrograms } from './live/kernel-programs.ts';
import { type CaptureTargets, readAddress, readTargets, TargetSet } from './targets.ts';

const maxInstructions = 4096;
const options = {
  expression: undefined,
  ignorePorts: [],
  interfaceIndexes: [],
  snapLength: 0x40000,
};
const none: CaptureTargets = { version: 1, addresses: [], endpoints: [], ignored: [] };

interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly protocol?: number;
  readonly fragment?: number;
}

function addressBytes(text: string): Buffer {
  const words = readAddress(text)!;
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32BE(word >>> 0, index * 4);
  });
  return bytes;
}

/** An Ethernet frame with the beginning of a TCP segment. */
function frame(flow: Flow): Buffer {
  const { source, destination, sourcePort = 40_000, destinationPort = 80, protocol = 6 } = flow;
  const ports = Buffer.alloc(20);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(destinationPort, 2);
  const isIp4 = !source.includes(':');
  const ip = Buffer.alloc(isIp4 ? 12 : 8);
  ip[0] = isIp4 ? 0x45 : 0x60;
  if (isIp4) ip.writeUInt16BE(flow.fragment ?? 0, 6);
  ip[isIp4 ? 9 : 6] = protocol;
  const link = Buffer.from(`020000000001020000000002${isIp4 ? '0800' : '86dd'}`, 'hex');
  return Buffer.concat([link, ip, addressBytes(source), addressBytes(destination), ports]);
}

function interpreterOf(program: Uint8Array): Interpreter {
  const bytes = Buffer.from(program);
  const at = (index: number) => index * INSTRUCTION_BYTES;
  return new Interpreter(
    Array.from({ length: bytes.length / INSTRUCTION_BYTES }, (_, index) => ({
      code: bytes.readUInt16LE(at(index)),
      jumpTrue: bytes[at(index) + 2]!,
      jumpFalse: bytes[at(index) + 3]!,
      k: bytes.readUInt32LE(at(index) + 4),
    })),
  );
}

/** What the first of the programs, the last, and the exact set say to a frame. */
function filterOf(targets: CaptureTargets, own: readonly string[] = [], roomBytes = 128 << 10) {
  const numbers = readTargets(targets);
  const programs = [...kernelPrograms(options, numbers, roomBytes)];
  const interpreters = [programs[0]!, programs.at(-1)!].map(interpreterOf);
  const set = new TargetSet(
    numbers,
    own.map((text) => readAddress(text)!),
  );
  const kernel = (flow: Flow) => {
    const bytes = frame(flow);
    const facts = {
      protocol: bytes.readUInt16BE(12),
      networkOffset: 14,
      packetType: 0,
      interfaceIndex: 1,
      hardwareType: 1,
    };
    return interpreters.map((one) => one.run(bytes, 0, bytes.length, bytes.length, facts) > 0);
  };
  return {
    lengths: programs.map(({ length }) => length / INSTRUCTION_BYTES),
    kernel,
    exact: (flow: Flow) => {
      const bytes = frame(flow);
      return set.accepts(bytes, 14, bytes.length);
    },
    /** Read in the end. */
    reads(flow: Flow): boolean {
      const bytes = frame(flow);
      return kernel(flow).every(Boolean) && set.accepts(bytes, 14, bytes.length);
    },
  };
}

const ip4 = (words: number) => [24, 16, 8, 0].map((shift) => (words >>> shift) & 255).join('.');

const anyIp4 = fc
  .oneof(
    fc.integer({ min: 0x0af40100, max: 0x0af401ff }),
    fc.integer({ min: 0x0a000000, max: 0x0affffff }),
    fc.nat(0xffffffff),
  )
  .map(ip4);
const group = fc.nat(0xffff).map((value) => value.toString(16));
const anyIp6 = fc.oneof(
  group.map((last) => `fd00:10:244:1::${last}`),
  fc.tuple(group, group).map(([one, other]) => `fd00:10:244:${one}::${other}`),
  fc
    .array(group, { minLength: 8, maxLength: 8 })
    .map((groups) => groups.join(':'))
    .filter((text) => !text.startsWith('0:0:0:0:0:ffff')),
);
const anyAddress = fc.oneof(anyIp4, anyIp6);
const anyPort = fc.integer({ min: 1, max: 65_535 });
const anyTargets: fc.Arbitrary<CaptureTargets> = fc.record({
  version: fc.constant(1),
  addresses: fc.array(anyAddress, { maxLength: 300, size: 'max' }),
  endpoints: fc.array(
    fc.record({ address: fc.oneof(anyAddress, fc.constant('')), port: anyPort }),
    { maxLength: 100, size: 'max' },
  ),
  ignored: fc.constant([]),
});

const sameFamily = (address: string, one: string, other: string) =>
  address.includes(':') ? one : other;

describe('a cover of numbers', () => {
  it('holds every number, in disjoint ascending ranges, within the budget', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 400, size: 'max' }),
        fc.integer({ min: 1, max: 64 }),
        (values, most) => {
          const ranges = rangesOver(values, most);
          expect(ranges.length).toBeLessThanOrEqual(most);
          for (const value of values) {
            expect(ranges.some(([first, last]) => first <= value && value <= last)).toBe(true);
          }
          ranges.forEach(([first, last], index) => {
            expect(first).toBeLessThanOrEqual(last);
            if (index > 0) expect(first).toBeGreaterThan(ranges[index - 1]![1]);
          });
        },
      ),
    );
  });

  it('leaves the widest gaps open', () => {
    expect(rangesOver([1, 2, 3, 10, 11, 100], 3)).toEqual([
      [1, 3],
      [10, 11],
      [100, 100],
    ]);
    expect(rangesOver([1, 2, 3, 10, 11, 100], 2)).toEqual([
      [1, 11],
      [100, 100],
    ]);
  });
});

describe('what is read', () => {
  it('is every packet of every target, whatever the targets, in a program that the kernel takes', () => {
    fc.assert(
      fc.property(anyTargets, anyAddress, (targets, stranger) => {
        const own = ['192.0.2.1', '2001:db8::1'];
        const filter = filterOf(targets, own);
        for (const length of filter.lengths) expect(length).toBeLessThanOrEqual(maxInstructions);
        for (const address of targets.addresses) {
          const other = sameFamily(address, '2001:db8::99', '198.51.100.9');
          expect(filter.reads({ source: address, destination: other })).toBe(true);
          expect(filter.reads({ source: other, destination: address, protocol: 17 })).toBe(true);
        }
        for (const { address, port } of targets.endpoints) {
          const at = address === '' ? sameFamily(stranger, own[1]!, own[0]!) : address;
          const other = sameFamily(at, '2001:db8::99', '198.51.100.9');
          expect(filter.reads({ source: other, destination: at, destinationPort: port })).toBe(
            true,
          );
          expect(filter.reads({ source: at, destination: other, sourcePort: port })).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is nothing else', () => {
    fc.assert(
      fc.property(anyTargets, anyAddress, anyPort, (targets, stranger, port) => {
        const other = sameFamily(stranger, '2001:db8::99', '198.51.100.9');
        const isTarget = targets.addresses.some(
          (address) => readAddress(address)!.join() === readAddress(stranger)!.join(),
        );
        const isEndpoint = targets.endpoints.some(
          (endpoint) =>
            endpoint.address !== '' &&
            readAddress(endpoint.address)!.join() === readAddress(stranger)!.join() &&
            endpoint.port === port,
        );
        const { exact } = filterOf(targets);
        expect(exact({ source: other, destination: stranger, destinationPort: port })).toBe(
          isTarget || isEndpoint,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is nothing without targets', () => {
    const { kernel } = filterOf(none);
    expect(kernel({ source: '10.0.0.1', destination: '10.0.0.2' })).toEqual([false, false]);
    expect(kernel({ source: 'fd00::1', destination: 'fd00::2' })).toEqual([false, false]);
  });

  it('fits for a thousand and ten thousand pods, of both families, with services and node ports', () => {
    for (const count of [1000, 10_000]) {
      const each = <Made>(make: (index: number) => Made) =>
        Array.from({ length: count }, (_, i) => make(i));
      const targets: CaptureTargets = {
        version: 1,
        addresses: [
          // Every third, so that neighbours do not join.
          ...each((index) => ip4(0x0af40000 + index * 3)),
          ...each((index) => `fd00:10:244:1::${(index * 3).toString(16)}`),
        ],
        endpoints: each((index) => ({
          address: ip4(0x0a600000 + index * 7),
          port: 80 + index * 5,
        })),
        ignored: [{ address: '10.244.0.3', port: 8898 }],
      };
      const { lengths, kernel, exact, reads } = filterOf(targets);
      expect(lengths[0]).toBeLessThanOrEqual(maxInstructions);
      // The first that fits is not a shadow of what the kernel could hold.
      expect(lengths[0]).toBeGreaterThan(1500);
      const outside = { source: '10.1.2.3', destination: '10.244.0.3' };
      expect(reads({ ...outside, destinationPort: 80 })).toBe(true);
      expect(exact({ ...outside, destinationPort: 8898 })).toBe(false);
      expect(exact({ ...outside, destination: '10.244.0.4' })).toBe(false);
      expect(kernel({ ...outside, destination: '10.243.255.255' })).toEqual([false, false]);
    }
  });

  it('is exact in the kernel already for the pods of a usual node', () => {
    const pods = Array.from({ length: 110 }, (_, index) => ip4(0x0af40102 + index * 2));
    const { kernel, lengths } = filterOf({ ...none, addresses: pods });
    for (let last = 2; last < 256; last++) {
      const address = ip4(0x0af40100 + last);
      const flow = { source: address, destination: '10.244.2.1' };
      expect(kernel(flow)[0]).toBe(pods.includes(address));
    }
    expect(lengths[0]).toBeLessThan(700);
  });

  it('is less and less exact in smaller programs for kernels with little room', () => {
    const pods = Array.from({ length: 1000 }, (_, index) => ip4(0x0af40000 + index * 3));
    const { lengths } = filterOf({ ...none, addresses: pods });
    expect(lengths).toEqual([...lengths].sort((one, other) => other - one));
    expect(lengths.at(-1)).toBeLessThan(60);
    // Linux before 6.8: two of them fit, in the kernel's own longer instructions.
    const old = filterOf({ ...none, addresses: pods }, [], 20 << 10);
    expect(old.lengths[0]! * 8 * 1.75 * 2).toBeLessThan(20 << 10);
    expect(old.lengths[0]).toBeGreaterThan(300);
  });

  it('has node ports only on the own addresses of the node', () => {
    const targets = { ...none, endpoints: [{ address: '', port: 443 }] };
    const { reads } = filterOf(targets, ['10.240.0.11', 'fd00::11']);
    const client = { source: '198.51.100.7', destinationPort: 443 };
    expect(reads({ ...client, destination: '10.240.0.11' })).toBe(true);
    expect(reads({ ...client, destination: '203.0.113.5' })).toBe(false);
    expect(reads({ source: '10.240.0.11', destination: '198.51.100.7', sourcePort: 443 })).toBe(
      true,
    );
    expect(reads({ source: '2001:db8::1', destination: 'fd00::11', destinationPort: 443 })).toBe(
      true,
    );
  });

  it('leaves out own traffic in the kernel, and never fragments of a target', () => {
    const { kernel, reads } = filterOf({
      ...none,
      addresses: ['10.244.1.5', '10.244.1.6'],
      ignored: [
        { address: '10.244.1.5', port: 8898 },
        { address: '10.244.1.9', port: 0 },
      ],
    });
    const to = (destination: string, destinationPort: number): Flow => ({
      source: '10.244.1.6',
      destination,
      destinationPort,
    });
    expect(kernel(to('10.244.1.5', 8898))[0]).toBe(false);
    expect(reads(to('10.244.1.5', 80))).toBe(true);
    expect(reads(to('10.244.1.9', 80))).toBe(false);
    expect(reads({ ...to('10.244.1.5', 0), fragment: 100 })).toBe(true);
  });

  it('leaves the tunnelled copy of a packet out', () => {
    // VXLAN between two nodes: the pod addresses are behind the outer header.
    const { kernel } = filterOf({ ...none, addresses: ['10.244.1.5'] });
    const outer = { source: '10.240.0.11', destination: '10.240.0.12', protocol: 17 };
    expect(kernel({ ...outer, destinationPort: 4789 })).toEqual([false, false]);
  });

  it('takes addresses in any spelling and skips what is none', () => {
    const addresses = ['::ffff:10.0.0.1', 'FD00:0:0:0::1', 'pod-3', '', '10.0.0.300'];
    const { reads } = filterOf({ ...none, addresses });
    expect(reads({ source: '10.0.0.1', destination: '10.9.9.9' })).toBe(true);
    const written = new SocketAddress({ address: 'fd00::1', family: 'ipv6' }).address;
    expect(reads({ source: '2001:db8::1', destination: written })).toBe(true);
  });

  it('is decided without an error for packets of any content', () => {
    const numbers = readTargets({
      ...none,
      addresses: ['10.0.0.1'],
      endpoints: [{ address: '::1', port: 5 }],
    });
    const set = new TargetSet(numbers, []);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, at) => {
        expect(typeof set.accepts(bytes, Math.min(at, bytes.length), bytes.length)).toBe('boolean');
      }),
    );
  });
});
