import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../contract.ts';
import { openFiles } from '../file-source.ts';
import { hasProgram, readAll, sharedCaptures } from '../testing/collect.ts';
import { compileFilter, compileKernelFilter } from './compile.ts';
import { FilterError } from './filter-error.ts';
import { encodeProgram, MAX_INSTRUCTIONS } from './instruction.ts';
import { Interpreter, type PacketFacts } from './interpret.ts';
import { locate } from './locate.ts';
import { parseFilter } from './parse.ts';
import type { Expression, Network } from './syntax.ts';

/** A packet as its fields, from which bytes are made and expressions are judged. */
interface Fields {
  readonly kind: 'ip' | 'ip6' | 'arp' | 'other';
  readonly protocol: number;
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly fragment: number;
  readonly optionWords: number;
  readonly payload: number;
}

function bytesOf(fields: Fields): Buffer {
  const types = { ip: 0x0800, ip6: 0x86dd, arp: 0x0806, other: 0x88cc };
  const words = (list: readonly number[]) => {
    const out = Buffer.alloc(list.length * 4);
    list.forEach((word, index) => void out.writeUInt32BE(word, index * 4));
    return out;
  };
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(types[fields.kind], 12);
  const transport = Buffer.alloc(20 + fields.payload);
  transport.writeUInt16BE(fields.sourcePort, 0);
  transport.writeUInt16BE(fields.destinationPort, 2);
  if (fields.kind === 'ip') {
    const header = Buffer.alloc(20 + fields.optionWords * 4);
    header[0] = 0x40 | (5 + fields.optionWords);
    header.writeUInt16BE(fields.fragment, 6);
    header[9] = fields.protocol;
    words(fields.source).copy(header, 12);
    words(fields.destination).copy(header, 16);
    return Buffer.concat([ethernet, header, transport]);
  }
  if (fields.kind === 'ip6') {
    const header = Buffer.from([0x60, 0, 0, 0, 0, 20, fields.protocol, 64]);
    return Buffer.concat([
      ethernet,
      header,
      words(fields.source),
      words(fields.destination),
      transport,
    ]);
  }
  const arp = Buffer.alloc(28);
  words(fields.source).copy(arp, 14);
  words(fields.destination).copy(arp, 24);
  return Buffer.concat([ethernet, arp, transport]);
}

/** The meaning of an expression, said in another way than by comparisons of bytes. */
function holds(expression: Expression, fields: Fields, length: number): boolean {
  const isIp = fields.kind === 'ip' || fields.kind === 'ip6';
  switch (expression.kind) {
    case 'and':
      return expression.operands.every((operand) => holds(operand, fields, length));
    case 'or':
      return expression.operands.some((operand) => holds(operand, fields, length));
    case 'not':
      return !holds(expression.operand, fields, length);
    case 'length':
      return expression.comparison === 'at-most'
        ? length <= expression.bytes
        : length >= expression.bytes;
    case 'protocol': {
      const { family, number } = expression;
      const fits = family === 'ip-any' ? isIp : fields.kind === family;
      return fits && (number === undefined || fields.protocol === number);
    }
    case 'network': {
      const { family, direction, network } = expression;
      if (family !== 'any' && family !== fields.kind) return false;
      if (fields.kind === 'other' || fields.source.length !== network.words.length) return false;
      return side(direction, within(fields.source, network), within(fields.destination, network));
    }
    case 'port': {
      const { transports, direction, first, last } = expression;
      if (!isIp || !transports.includes(fields.protocol)) return false;
      if (fields.kind === 'ip' && (fields.fragment & 0x1fff) !== 0) return false;
      const inRange = (port: number) => port >= first && port <= last;
      return side(direction, inRange(fields.sourcePort), inRange(fields.destinationPort));
    }
  }
}

function side(direction: string, source: boolean, destination: boolean): boolean {
  if (direction === 'source') return source;
  if (direction === 'destination') return destination;
  return direction === 'both' ? source && destination : source || destination;
}

function within(address: readonly number[], network: Network): boolean {
  return address.every(
    (word, index) =>
      (BigInt(word) & BigInt(network.masks[index]!)) === BigInt(network.words[index]!),
  );
}

const IP4 = [0x0a000001, 0x0a000002, 0xc0a80101, 0xac100a05];
const IP4_TEXT = ['10.0.0.1', '10.0.0.2', '192.168.1.1', '172.16.10.5'];
const IP6 = [
  [0xfd000000, 0, 0, 1],
  [0x20010db8, 0x12345678, 0, 0xabcd],
];
const PORTS = [53, 80, 443, 8080, 40_000];
const PROTOCOLS = [1, 6, 17, 58, 132];

const anyFields: fc.Arbitrary<Fields> = fc
  .record({
    kind: fc.constantFrom('ip' as const, 'ip', 'ip6', 'arp', 'other'),
    protocol: fc.constantFrom(...PROTOCOLS),
    at: fc.tuple(fc.nat(3), fc.nat(3)),
    sourcePort: fc.constantFrom(...PORTS),
    destinationPort: fc.constantFrom(...PORTS),
    fragment: fc.constantFrom(0, 0, 0x4000, 0x2000, 0x0100),
    optionWords: fc.nat(10),
    payload: fc.nat(200),
  })
  .map(({ at, ...rest }) => {
    const pick = (index: number) => (rest.kind === 'ip6' ? IP6[index & 1]! : [IP4[index]!]);
    return { ...rest, source: pick(at[0]), destination: pick(at[1]) };
  });

const direction = fc.constantFrom('', 'src ', 'dst ', 'src or dst ', 'src and dst ');
const primitive = fc
  .oneof(
    fc.constantFrom(
      'tcp',
      'udp',
      'sctp',
      'icmp',
      'icmp6',
      'ip',
      'ip6',
      'arp',
      'ip proto 6',
      'proto 17',
      'ip6 proto udp',
    ),
    fc
      .tuple(direction, fc.constantFrom(...IP4_TEXT, 'fd00::1', '2001:db8:1234:5678::abcd'))
      .map(([d, a]) => `${d}host ${a}`),
    fc
      .tuple(fc.constantFrom('', 'ip ', 'arp '), direction, fc.constantFrom(...IP4_TEXT))
      .map(([f, d, a]) => `${f}${d}host ${a}`),
    fc
      .tuple(
        direction,
        fc.constantFrom(
          '10',
          '10.0.0.0/8',
          '192.168',
          '172.16.0.0/12',
          '0.0.0.0/0',
          '10.0.0.2/31',
          'fd00::/8',
          '2001:db8:1200::/40',
          '10.0.0.0 mask 255.0.0.0',
        ),
      )
      .map(([d, n]) => `${d}net ${n}`),
    fc
      .tuple(fc.constantFrom('', 'tcp ', 'udp '), direction, fc.constantFrom(...PORTS))
      .map(([t, d, p]) => `${t}${d}port ${p}`),
    fc
      .tuple(direction, fc.constantFrom('1-100', '443-8080', '8080-443', '53-53'))
      .map(([d, r]) => `${d}portrange ${r}`),
    fc.constantFrom(
      'less 100',
      'greater 120',
      'port http or https',
      'host 10.0.0.1 or 10.0.0.2',
      'tcp dst port (80 or 443)',
    ),
  )
  .map((text) => (text.includes(' or ') ? `(${text})` : text));
const { expression: anyExpression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    primitive,
    fc
      .tuple(tie('expression'), fc.constantFrom('and', 'or', '&&', '||'), tie('expression'))
      .map(([a, o, b]) => `(${a}) ${o} (${b})`),
    tie('expression').map((inner) => `not (${inner})`),
    tie('expression').map((inner) => `!(${inner})`),
  ),
}));

function facts(): PacketFacts {
  return { protocol: 0, networkOffset: 0, packetType: 0, interfaceIndex: 0, hardwareType: 0 };
}

function accepts(
  expression: string,
  bytes: Uint8Array,
  linkType: number = LinkType.Ethernet,
): boolean {
  const where = facts();
  locate(where, bytes, 0, bytes.length, linkType);
  return (
    new Interpreter(compileFilter(expression)).run(bytes, 0, bytes.length, bytes.length, where) > 0
  );
}

describe('a compiled filter', () => {
  it('decides as the expression means', () => {
    fc.assert(
      fc.property(
        anyExpression,
        fc.array(anyFields, { minLength: 5, maxLength: 20 }),
        (expression, packets) => {
          const tree = parseFilter(expression);
          for (const fields of packets) {
            const bytes = bytesOf(fields);
            expect([expression, fields, accepts(expression, bytes)]).toEqual([
              expression,
              fields,
              holds(tree, fields, bytes.length),
            ]);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('decides the same in the kernel, which looks for the network header itself', () => {
    fc.assert(
      fc.property(
        anyExpression,
        anyFields,
        fc.constantFrom(1, 772, 65_534),
        (expression, fields, hardwareType) => {
          const ethernet = bytesOf(fields);
          const hasHeader = hardwareType !== 65_534;
          const bytes = hasHeader ? ethernet : ethernet.subarray(14);
          const where = {
            ...facts(),
            hardwareType,
            networkOffset: hasHeader ? 14 : 0,
            protocol: ethernet.readUInt16BE(12),
          };
          const program = new Interpreter(compileKernelFilter({ expression }));
          const kept = program.run(bytes, 0, bytes.length, bytes.length, where) > 0;
          expect(kept).toBe(holds(parseFilter(expression), fields, bytes.length));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reaches over more than 255 instructions', () => {
    const hosts = Array.from({ length: 120 }, (_, index) => `10.1.${index}.1`);
    const expression = `tcp and (host ${hosts.join(' or ')}) and not port 22`;
    const program = compileFilter(expression);
    expect(program.length).toBeGreaterThan(1_000);
    const fields: Fields = {
      kind: 'ip',
      protocol: 6,
      source: [0x0a017701],
      destination: [0x01020304],
      sourcePort: 80,
      destinationPort: 443,
      fragment: 0,
      optionWords: 0,
      payload: 0,
    };
    expect(accepts(expression, bytesOf(fields))).toBe(true);
    expect(accepts(expression, bytesOf({ ...fields, sourcePort: 22 }))).toBe(false);
    expect(accepts(expression, bytesOf({ ...fields, source: [0x0a017801] }))).toBe(false);
  });

  it('that is too long for the kernel is refused', () => {
    const ports = Array.from({ length: 800 }, (_, index) => index + 1);
    expect(() => compileFilter(`port ${ports.join(' or ')}`)).toThrow(/the kernel takes 4096/);
    expect(compileFilter('tcp port 80').length).toBeLessThan(60);
    expect(MAX_INSTRUCTIONS).toBe(4096);
  });

  it('finds the network header behind every link type', () => {
    const ip = bytesOf({
      kind: 'ip',
      protocol: 6,
      source: [1],
      destination: [2],
      sourcePort: 80,
      destinationPort: 443,
      fragment: 0,
      optionWords: 0,
      payload: 0,
    }).subarray(14);
    const heads: [number, string][] = [
      [LinkType.Ethernet, '000000000000000000000000' + '0800'],
      [LinkType.Ethernet, '000000000000000000000000' + '8100000a' + '0800'],
      [LinkType.Ethernet, '000000000000000000000000' + '88a8000a' + '8100000b' + '0800'],
      [LinkType.RawIp, ''],
      [LinkType.Ipv4, ''],
      [LinkType.Null, '02000000'],
      [LinkType.Loop, '00000002'],
      [LinkType.LinuxCooked, '0000000100060000000000000000' + '0800'],
      [LinkType.LinuxCooked2, '08000000000000010001000600000000' + '00000000'],
      [LinkType.Ppp, '0021'],
      [LinkType.Ppp, 'ff030021'],
      [LinkType.PppEther, '110000010030' + '0021'],
      [LinkType.CiscoHdlc, '0f000800'],
    ];
    for (const [linkType, head] of heads) {
      const bytes = Buffer.concat([Buffer.from(head, 'hex'), ip]);
      expect([linkType, head, accepts('tcp port 80', bytes, linkType)]).toEqual([
        linkType,
        head,
        true,
      ]);
      for (let length = 0; length < bytes.length; length++) {
        expect(accepts('tcp port 80 and tcp', bytes.subarray(0, length), linkType)).toBe(
          length >= bytes.length - 20 + 2,
        );
      }
    }
  });
});

describe('the kernel filter', () => {
  const packet = bytesOf({
    kind: 'ip',
    protocol: 6,
    source: [1],
    destination: [2],
    sourcePort: 8899,
    destinationPort: 443,
    fragment: 0,
    optionWords: 0,
    payload: 0,
  });
  const keeps = (
    filter: Parameters<typeof compileKernelFilter>[0],
    more: Partial<PacketFacts> = {},
  ) => {
    const where = { ...facts(), protocol: 0x0800, networkOffset: 14, hardwareType: 1, ...more };
    return new Interpreter(compileKernelFilter(filter)).run(packet, 0, packet.length, 74, where);
  };

  it('leaves out one of the two sightings on loopback', () => {
    expect(keeps({}, { hardwareType: 772, packetType: 4 })).toBe(0);
    expect(keeps({}, { hardwareType: 772, packetType: 0 })).toBeGreaterThan(0);
    expect(keeps({}, { hardwareType: 1, packetType: 4 })).toBeGreaterThan(0);
  });

  it('leaves out own ports in both directions, and other interfaces', () => {
    expect(keeps({ ignorePorts: [8899] })).toBe(0);
    expect(keeps({ ignorePorts: [443] })).toBe(0);
    expect(keeps({ ignorePorts: [80] })).toBeGreaterThan(0);
    expect(keeps({ ignorePorts: [443], expression: 'port 8899' })).toBe(0);
    expect(keeps({ interfaceIndexes: [3, 4] }, { interfaceIndex: 4 })).toBeGreaterThan(0);
    expect(keeps({ interfaceIndexes: [3, 4] }, { interfaceIndex: 5 })).toBe(0);
  });

  it('cuts packets at the snap length', () => {
    expect(keeps({ snapLength: 96 })).toBe(96);
  });

  it('is laid out as the kernel wants it', () => {
    const bytes = encodeProgram([{ code: 0x15, jumpTrue: 1, jumpFalse: 2, k: 0x01020304 }]);
    expect(Buffer.from(bytes).readUInt16LE(0)).toBe(0x15);
    expect(Buffer.from(bytes).readUInt32LE(4)).toBe(0x01020304);
  });
});

describe('a filter that cannot be compiled', () => {
  const cases: [string, number, RegExp][] = [
    ['', 0, /empty/],
    ['tcp port', 8, /a value is missing behind "port"/],
    ['tcp prot 80', 4, /"prot" needs "and" or "or"/],
    ['port 80 and', 11, /missing at the end/],
    ['port 70000', 5, /not a port/],
    ['port 80-90', 5, /write: portrange 80-90/],
    ['host example.com', 5, /names are not looked up/],
    ['host 10.0.0.0/8', 5, /write: net 10.0.0.0\/8/],
    ['net 10.0.0.1/8', 4, /bits set behind/],
    ['net 10.0.0.0/33', 4, /prefix of 0 to 32/],
    ['tcp host 10.0.0.1', 0, /write: tcp and host 10.0.0.1/],
    ['icmp port 5', 0, /has no ports/],
    ['ip6 host 10.0.0.1', 9, /not an address of ip6/],
    ['vlan 5 and tcp', 0, /"vlan" is not supported/],
    ['tcp[13] & 2 != 0', 3, /bytes of packets/],
    ['(tcp', 0, /never closed/],
    ['tcp)', 3, /never opened/],
    ['80', 0, /write: port 80/],
    ['tcp (port 80)', 4, /needs "and" or "or"/],
    ['port 80 and or udp', 12, /missing in front of "or"/],
    ['less x', 5, /number of bytes/],
    ['proto 300', 6, /not an IP protocol/],
    ['tcp; udp', 3, /no meaning/],
  ];
  for (const [text, position, message] of cases) {
    it(`says where and why: ${text}`, () => {
      let error: unknown;
      try {
        compileFilter(text);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(FilterError);
      expect((error as FilterError).message).toMatch(message);
      expect((error as FilterError).position).toBe(position);
      expect((error as FilterError).message).not.toContain('\n');
    });
  }

  it('is never anything but a FilterError', () => {
    const words = [
      'tcp',
      'port',
      '80',
      '(',
      ')',
      'and',
      'or',
      'not',
      'src',
      'dst',
      'host',
      '10.0.0.1',
      'net',
      '10/8',
      '::',
      'mask',
      '!',
      '\\',
      '-',
      'proto',
      'less',
      '1-2',
      'é',
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom(...words)).map((list) => list.join(' ')),
        ),
        (text) => {
          try {
            compileFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(FilterError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(() => compileFilter('('.repeat(10_000))).toThrow(FilterError);
    expect(() => compileFilter('!'.repeat(10_000))).toThrow(FilterError);
  });
});

describe('arbitrary packets', () => {
  it('never make the interpreter throw', () => {
    const programs = ['tcp port 80', 'net fd00::/8 or portrange 1-5', 'not host 10.0.0.1'].map(
      (text) => new Interpreter(compileFilter(text)),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(...Object.values(LinkType), 999),
        (bytes, linkType) => {
          const where = facts();
          locate(where, bytes, 0, bytes.length, linkType);
          for (const program of programs) program.run(bytes, 0, bytes.length, bytes.length, where);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('captures made by others', () => {
  /** tcpdump sees nothing behind VLAN tags, in PPP and with mixed link types, where we do. */
  const TCPDUMP_CANNOT =
    /vlan|qinq|bot\.pcap|mqtt\.pcap|notify2|inverse-query|zerortt|test006|test102/;
  const chosen = sharedCaptures().filter(
    ({ name }, index) => index % 16 === 0 && !name.endsWith('.gz') && !TCPDUMP_CANNOT.test(name),
  );
  const expressions = [
    'tcp port 80',
    'udp',
    'net 10',
    'net 192.168.0.0/16 and not port 443',
    'port 53 or 80',
    'src port 80',
    'dst portrange 1-1023',
    'ip6',
    'arp',
    'less 100',
    'greater 1000 and tcp',
    'icmp or icmp6',
    'tcp src port (80 or 443)',
    'not (tcp or udp)',
    'port 80 or 443 and net 10',
    'src or dst net 172.16.0.0/12',
    'ip proto 17',
    'host 127.0.0.1',
    'net 2000::/3',
  ];

  it.skipIf(chosen.length === 0 || !hasProgram('tcpdump'))(
    'are filtered as tcpdump does',
    async () => {
      for (const { name, path } of chosen) {
        const program = 'shift; for e; do tcpdump -n --count -r "$0" "$e" 2>/dev/null; done; true';
        const output = execFileSync('sh', ['-c', program, path, '-', ...expressions], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const theirs = [...output.matchAll(/^(\d+) packet/gm)].map((match) => Number(match[1]));
        if (theirs.length !== expressions.length) continue;
        for (const [index, captureFilter] of expressions.entries()) {
          const source = openFiles([path], { captureFilter });
          const ours = (await readAll(source)).length;
          expect([name, captureFilter, ours]).toEqual([name, captureFilter, theirs[index]]);
          const whole = openFiles([path]);
          expect(ours + source.counters().ignored).toBe((await readAll(whole)).length);
        }
      }
    },
  );
});
