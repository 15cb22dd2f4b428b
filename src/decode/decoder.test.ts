import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as build from '../../test/fuzz/build-packets.ts';
import { LinkType } from '../capture/contract.ts';
import { Decoded, Decoder, type Segment } from './index.ts';

const { ethernet, ipv4, ipv6, join, tcp, text, udp } = build;

interface Read {
  what: number;
  payload: string;
  segment: Segment;
}

function read(
  packet: Uint8Array,
  linkType: number = LinkType.Ethernet,
  decoder = new Decoder(),
  wireLength = packet.length,
  timestampMs = 0,
): Read {
  // Neighbours on both sides: a reader that leaves the packet would see them.
  const memory = join([0xee, 0xee, 0xee], packet, [0xdd, 0xdd, 0xdd]);
  const end = 3 + packet.length;
  const what = decoder.decode(memory, 3, end, wireLength, linkType, timestampMs);
  const segment = { ...decoder.segment };
  const payload = new TextDecoder().decode(
    segment.bytes.subarray(segment.payloadStart, segment.payloadEnd),
  );
  return { what, payload: what === Decoded.None ? '' : payload, segment };
}

const hello = ipv4(tcp(text('hello')));
const hello6 = ipv6(tcp(text('hello')));
const helloFrame = ethernet(0x0800, hello);

describe('a plain packet', () => {
  test('gives addresses, ports and numbers', () => {
    const packet = tcp(text('hello'), {
      sequence: 0xfffffff0,
      acknowledgement: 0x80000000,
      flags: 0x39,
    });
    const { what, segment, payload } = read(ethernet(0x0800, ipv4(packet)));
    expect(what).toBe(Decoded.Tcp);
    expect(payload).toBe('hello');
    expect(segment).toMatchObject({
      source0: 0,
      source1: 0,
      source2: 0xffff,
      source3: build.client4,
      destination3: build.server4,
      sourcePort: build.clientPort,
      destinationPort: build.serverPort,
      sequence: 0xfffffff0,
      acknowledgement: 0x80000000,
      flags: 0x39,
      windowSize: 1024,
      missing: 0,
      scope: 0,
      packetNumber: 1,
    });
  });

  test('does not take Ethernet padding for payload', () => {
    const { payload } = read(join(ethernet(0x0800, ipv4(tcp(text('hi')))), [1, 2, 3, 4, 5, 6]));
    expect(payload).toBe('hi');
  });

  test('counts packets, kinds, and what is ignored', () => {
    const decoder = new Decoder();
    read(helloFrame, LinkType.Ethernet, decoder);
    read(
      ethernet(0x0800, ipv4(udp(text('q'), 5000, 53), { protocol: 17 })),
      LinkType.Ethernet,
      decoder,
    );
    read(ethernet(0x0806, text('who has')), LinkType.Ethernet, decoder);
    read(helloFrame, 9999, decoder);
    expect(decoder.counters).toMatchObject({ packets: 4, tcp: 1, udp: 1 });
    expect([...decoder.counters.ignored]).toEqual([
      ['ARP', 1],
      ['link type that is not supported', 1],
    ]);
    expect(decoder.segment.packetNumber).toBe(4);
  });

  test('reads IPv4 and TCP options over', () => {
    const packet = ipv4(tcp(text('hello'), { options: [1, 1, 1, 0] }), { options: [1, 1, 1, 0] });
    expect(read(ethernet(0x0800, packet)).payload).toBe('hello');
  });

  test('takes the whole of a segmentation-offload packet whose total length is 0', () => {
    expect(read(ethernet(0x0800, ipv4(tcp(text('hello')), { totalLength: 0 }))).payload).toBe(
      'hello',
    );
  });

  test('refuses headers that contradict themselves', () => {
    for (const packet of [
      ipv4(tcp(text('x')), { totalLength: 10 }),
      join([0x41], ipv4(tcp(text('x'))).subarray(1)),
      ipv4(join(tcp(text('x')).subarray(0, 12), [0x10], tcp(text('x')).subarray(13))),
      ipv4(join(tcp(text('x')).subarray(0, 12), [0xf0], tcp(text('x')).subarray(13))),
    ]) {
      expect(read(ethernet(0x0800, packet)).what).toBe(Decoded.None);
    }
  });
});

describe('a packet cut by snaplen', () => {
  const frame = ethernet(0x0800, ipv4(tcp(text('hello world'), { options: [1, 1, 1, 0] })));

  test('says how many bytes of payload are missing', () => {
    const { payload, segment } = read(
      frame.subarray(0, -6),
      LinkType.Ethernet,
      new Decoder(),
      frame.length,
    );
    expect(payload).toBe('hello');
    expect(segment.missing).toBe(6);
  });

  test('is a hole as a whole when it is cut in the TCP options', () => {
    const cut = frame.subarray(0, 14 + 20 + 22);
    const { what, payload, segment } = read(cut, LinkType.Ethernet, new Decoder(), frame.length);
    expect(what).toBe(Decoded.Tcp);
    expect(payload).toBe('');
    expect(segment.missing).toBe(11);
  });

  test('does not count padding that was not captured', () => {
    const short = ethernet(0x0800, ipv4(tcp(text('hi'))));
    const { payload, segment } = read(short.subarray(0, -1), LinkType.Ethernet, new Decoder(), 60);
    expect(payload).toBe('h');
    expect(segment.missing).toBe(1);
  });
});

describe('every link layer', () => {
  const cooked = (type: number): Uint8Array =>
    join([0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0], build.be16(type));
  const cooked2 = (type: number): Uint8Array =>
    join(build.be16(type), [0, 0], [0, 0, 0, 3], [0, 1], [0, 6], [1, 2, 3, 4, 5, 6, 0, 0]);
  const pppoe = (payload: Uint8Array): Uint8Array =>
    join([0x11, 0, 0, 7], build.be16(payload.length), payload);
  test.each([
    ['Ethernet', LinkType.Ethernet, helloFrame],
    ['Ethernet with IPv6', LinkType.Ethernet, ethernet(0x86dd, hello6)],
    [
      'IEEE 802.3 with LLC and SNAP',
      LinkType.Ethernet,
      ethernet(8 + hello.length, join([0xaa, 0xaa, 3, 0, 0, 0, 8, 0], hello, [0, 0, 0])),
    ],
    ['Linux cooked', LinkType.LinuxCooked, join(cooked(0x0800), hello)],
    [
      'Linux cooked with a VLAN tag',
      LinkType.LinuxCooked,
      join(cooked(0x8100), build.vlan(5, 0x0800, hello)),
    ],
    ['Linux cooked 2', LinkType.LinuxCooked2, join(cooked2(0x86dd), hello6)],
    ['raw IPv4', LinkType.RawIp, hello],
    ['raw IPv6', LinkType.RawIp, hello6],
    ['IPv4', LinkType.Ipv4, hello],
    ['IPv6', LinkType.Ipv6, hello6],
    ['NULL, little-endian', LinkType.Null, join([2, 0, 0, 0], hello)],
    ['NULL, big-endian', LinkType.Null, join([0, 0, 0, 30], hello6)],
    ['LOOP', LinkType.Loop, join([0, 0, 0, 2], hello)],
    ['PPP with address and control', LinkType.Ppp, join([0xff, 3, 0, 0x21], hello)],
    ['PPP with a short protocol', LinkType.PppHdlc, join([0x21], hello)],
    ['PPPoE as link type', LinkType.PppEther, pppoe(join([0, 0x57], hello6))],
    ['PPPoE in Ethernet', LinkType.Ethernet, ethernet(0x8864, pppoe(join([0, 0x21], hello)))],
    ['Cisco HDLC', LinkType.CiscoHdlc, join([0x0f, 0, 8, 0], hello)],
  ])('%s', (_name, linkType, packet) => {
    expect(read(packet, linkType)).toMatchObject({ what: Decoded.Tcp, payload: 'hello' });
  });
});

const back = ipv4(tcp(text('hello')), { source: build.server4, destination: build.client4 });

function inUdp(payload: Uint8Array, port: number, inner = hello): Uint8Array {
  const swap = inner === back;
  const packet = udp(payload, 50_000, port);
  const outer = swap ? { source: 9, destination: 8 } : { source: 8, destination: 9 };
  return ethernet(0x0800, ipv4(packet, { protocol: 17, ...outer }));
}

describe('every tunnel', () => {
  const grePacket = (payload: Uint8Array): Uint8Array =>
    ethernet(0x0800, ipv4(payload, { protocol: 47 }));
  const erspan3 = (optional: boolean): Uint8Array =>
    join(
      [0x20, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, optional ? 1 : 0],
      optional ? [1, 2, 3, 4, 5, 6, 7, 8] : [],
    );
  test.each([
    ['VLAN', ethernet(0x8100, build.vlan(10, 0x0800, hello))],
    ['QinQ', ethernet(0x88a8, build.vlan(10, 0x8100, build.vlan(20, 0x0800, hello)))],
    ['MPLS', ethernet(0x8847, join([0, 1, 0x20, 64], [0, 1, 0x21, 64], hello))],
    [
      'MPLS pseudowire with control word',
      ethernet(0x8847, join([0, 1, 0x21, 64], [0, 0, 0, 0], helloFrame)),
    ],
    ['MPLS pseudowire without', ethernet(0x8847, join([0, 1, 0x21, 64], helloFrame))],
    ['GRE', grePacket(build.gre(0x0800, hello))],
    ['GRE with checksum, key and sequence', grePacket(build.gre(0x86dd, hello6, 77, 1, true))],
    ['GRE with Ethernet', grePacket(build.gre(0x6558, helloFrame, 0x123456))],
    [
      'PPTP',
      grePacket(
        join([0x30, 0x81, 0x88, 0x0b, 0, 9, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0x21], hello),
      ),
    ],
    ['ERSPAN I', grePacket(build.gre(0x88be, helloFrame))],
    [
      'ERSPAN II',
      grePacket(build.gre(0x88be, join([0x10, 0, 0, 1, 0, 0, 0, 0], helloFrame), undefined, 5)),
    ],
    ['ERSPAN III', grePacket(build.gre(0x22eb, join(erspan3(false), helloFrame), undefined, 5))],
    [
      'ERSPAN III with the optional part',
      grePacket(build.gre(0x22eb, join(erspan3(true), helloFrame), undefined, 5)),
    ],
    ['VXLAN', inUdp(build.vxlan(42, helloFrame), 4789)],
    ['VXLAN on the port Linux used first', inUdp(build.vxlan(42, helloFrame), 8472)],
    ['Geneve', inUdp(build.geneve(42, 0x6558, helloFrame), 6081)],
    ['GTP-U', inUdp(build.gtp(1, hello), 2152)],
    [
      'Teredo',
      inUdp(join([0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0], [0, 0, 1, 2, 3, 4, 5, 6], hello6), 3544),
    ],
    ['Teredo among peers', inUdp(ipv6(tcp(text('hello')), 6, [0x20010000, 1, 2, 3]), 50_001)],
    ['IP in IP', ethernet(0x0800, ipv4(hello, { protocol: 4 }))],
    ['6in4', ethernet(0x0800, ipv4(hello6, { protocol: 41 }))],
    ['IPv4 in IPv6', ethernet(0x86dd, ipv6(hello, 4))],
    ['EtherIP', ethernet(0x0800, ipv4(join([0x30, 0], helloFrame), { protocol: 97 }))],
    [
      'VXLAN in VLAN',
      ethernet(0x8100, build.vlan(3, 0x0800, inUdp(build.vxlan(1, helloFrame), 4789).subarray(14))),
    ],
  ])('%s', (_name, packet) => {
    expect(read(packet)).toMatchObject({ what: Decoded.Tcp, payload: 'hello' });
  });

  test('UDP to a tunnel port that holds no tunnel is handed on as UDP', () => {
    for (const port of [4789, 6081, 2152, 3544]) {
      expect(read(inUdp(text('\xff\xffplain text'), port)).what).toBe(Decoded.Udp);
    }
  });

  test('nesting without end is given up', () => {
    let packet = hello;
    for (let depth = 0; depth < 100; depth++) packet = ipv4(packet, { protocol: 4 });
    const decoder = new Decoder();
    expect(read(packet, LinkType.RawIp, decoder).what).toBe(Decoded.None);
    expect(decoder.counters.ignored.get('nested too deeply')).toBe(1);
  });
});

describe('the scope', () => {
  const inVlan = (id: number, packet: Uint8Array): Uint8Array =>
    ethernet(0x8100, build.vlan(id, 0x0800, packet));

  test('is 0 without VLAN and tunnel, and for the priority tag', () => {
    expect(read(helloFrame).segment.scope).toBe(0);
    expect(read(inVlan(0xe000, hello)).segment.scope).toBe(0);
  });

  test('keeps equal addresses apart, and both directions together', () => {
    const decoder = new Decoder();
    const scope = (packet: Uint8Array): number =>
      read(packet, LinkType.Ethernet, decoder).segment.scope;
    const frameBack = ethernet(0x0800, back);
    const kinds: [Uint8Array, Uint8Array][] = [
      [helloFrame, frameBack],
      [inVlan(1, hello), inVlan(1, back)],
      [inVlan(2, hello), inVlan(2, back)],
      [
        ethernet(0x88a8, build.vlan(1, 0x8100, build.vlan(2, 0x0800, hello))),
        ethernet(0x88a8, build.vlan(1, 0x8100, build.vlan(2, 0x0800, back))),
      ],
      [inUdp(build.vxlan(1, helloFrame), 4789), inUdp(build.vxlan(1, frameBack), 4789, back)],
      [inUdp(build.vxlan(2, helloFrame), 4789), inUdp(build.vxlan(2, frameBack), 4789, back)],
      [
        inUdp(build.geneve(1, 0x6558, helloFrame), 6081),
        inUdp(build.geneve(1, 0x6558, frameBack), 6081, back),
      ],
    ];
    const scopes = kinds.map(([there, backwards]) => [scope(there), scope(backwards)]);
    for (const [there, backwards] of scopes) expect(there).toBe(backwards);
    expect(new Set(scopes.map(([there]) => there)).size).toBe(kinds.length);
  });

  test('leaves out ids that each direction has of its own', () => {
    const gtpThere = inUdp(build.gtp(1, hello), 2152);
    const gtpBack = inUdp(build.gtp(2, back), 2152, back);
    const decoder = new Decoder();
    expect(read(gtpThere, LinkType.Ethernet, decoder).segment.scope).toBe(0);
    expect(read(gtpBack, LinkType.Ethernet, decoder).segment.scope).toBe(0);
  });

  test('runs out of numbers without running out of memory', () => {
    const decoder = new Decoder();
    for (let vni = 1; vni < 70_000; vni++) {
      const packet = inUdp(build.vxlan(1, helloFrame), 4789);
      packet.set([vni >> 16, (vni >> 8) & 255, vni & 255], 14 + 20 + 8 + 4);
      decoder.decode(packet, 0, packet.length, packet.length, LinkType.Ethernet, 0);
    }
    expect(decoder.segment.scope).toBe(0xffff);
  }, 20_000);
});

describe('IPv6 extension headers', () => {
  const hopByHop = (next: number): number[] => [next, 0, 1, 4, 0, 0, 0, 0];
  test('are passed', () => {
    const authentication = [6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, ...Array<number>(12).fill(0)];
    const packet = ipv6(
      join(
        hopByHop(60),
        [43, 0, 1, 4, 0, 0, 0, 0],
        [51, 0, 0, 0, 0, 0, 0, 0],
        authentication,
        tcp(text('hello')),
      ),
      0,
    );
    expect(read(ethernet(0x86dd, packet))).toMatchObject({ what: Decoded.Tcp, payload: 'hello' });
  });

  test('are given up when there are too many', () => {
    const many = Array.from({ length: 100 }, () => hopByHop(0)).flat();
    expect(read(ethernet(0x86dd, ipv6(join(many, tcp(text('hello'))), 0))).what).toBe(Decoded.None);
  });
});

describe('fragments', () => {
  const message = 'The quick brown fox jumps over the lazy dog';
  const whole = tcp(text(message));
  const parts4 = (cuts: readonly number[], id = 7): Uint8Array[] =>
    cuts.map((from, index) => {
      const to = cuts[index + 1] ?? whole.length;
      return ethernet(
        0x0800,
        ipv4(whole.subarray(from, to), { id, offset: from, more: to < whole.length }),
      );
    });
  const parts6 = (cuts: readonly number[]): Uint8Array[] =>
    cuts.map((from, index) => {
      const to = cuts[index + 1] ?? whole.length;
      return ethernet(
        0x86dd,
        ipv6(build.fragment6(6, 9, from, to < whole.length, whole.subarray(from, to)), 44),
      );
    });
  const feed = (packets: readonly Uint8Array[], decoder = new Decoder()): Read[] =>
    packets.map((packet) => read(packet, LinkType.Ethernet, decoder));

  test.each([
    ['IPv4', parts4([0, 24, 40])],
    ['IPv4, last first', parts4([0, 24, 40]).toReversed()],
    ['IPv4, the first part less than a TCP header', parts4([0, 8, 16, 24])],
    ['IPv6', parts6([0, 24, 40])],
    ['IPv6, last first', parts6([0, 24, 40]).toReversed()],
    ['IPv6, one repeated', [parts6([0, 24])[0]!, ...parts6([0, 24])]],
  ])('are put together: %s', (_name, packets) => {
    const results = feed(packets);
    expect(results.slice(0, -1).every(({ what }) => what === Decoded.None)).toBe(true);
    expect(results.at(-1)).toMatchObject({ what: Decoded.Tcp, payload: message });
  });

  test('of IPv4 that overlap: the first bytes stay', () => {
    const [first, second] = parts4([0, 24]);
    const other = ethernet(
      0x0800,
      ipv4(text('XXXXXXXXXXXXXXXX'), { id: 7, offset: 16, more: true }),
    );
    // The header of 20 bytes stands in front: byte 24 is the message's fifth.
    expect(feed([first!, other, second!]).at(-1)!.payload).toBe(`The XXXXXXXX${message.slice(12)}`);
    expect(feed([second!, other, first!]).at(-1)!.payload).toBe(`XXXX${message.slice(4)}`);
  });

  test('of IPv6 that overlap are dropped with their datagram', () => {
    const [first, second] = parts6([0, 24]);
    const other = ethernet(
      0x86dd,
      ipv6(build.fragment6(6, 9, 16, true, text('XXXXXXXXXXXXXXXX')), 44),
    );
    const results = feed([first!, other, second!]);
    expect(results.every(({ what }) => what === Decoded.None)).toBe(true);
  });

  test('of IPv6 that are whole stand alone', () => {
    const atomic = ethernet(0x86dd, ipv6(build.fragment6(6, 9, 0, false, whole), 44));
    expect(feed([parts6([0, 24])[0]!, atomic]).at(-1)!.payload).toBe(message);
  });

  test('inside a tunnel', () => {
    const frames = parts4([0, 24]).map((frame) => inUdp(build.vxlan(1, frame), 4789));
    const result = feed(frames).at(-1)!;
    expect(result.payload).toBe(message);
    expect(result.segment.scope).not.toBe(0);
  });

  test('of different datagrams do not mix', () => {
    const [a0, a1] = parts4([0, 24], 1);
    const [b0, b1] = parts4([0, 32], 2);
    expect(feed([a0!, b0!, a1!, b1!]).map(({ what }) => what)).toEqual([0, 0, 1, 1]);
  });

  test('are given up, and counted, when the rest does not come in time', () => {
    const [first, second] = parts4([0, 24]);
    const decoder = new Decoder();
    read(first!, LinkType.Ethernet, decoder, first!.length, 1000);
    expect(read(second!, LinkType.Ethernet, decoder, second!.length, 40_000).what).toBe(
      Decoded.None,
    );
    expect(decoder.counters.ignored.get('fragments whose rest never came')).toBe(1);
  });

  test('without number are bounded in memory', () => {
    const decoder = new Decoder();
    for (let id = 0; id < 5000; id++) read(parts4([0, 24], id)[0]!, LinkType.Ethernet, decoder);
    expect(decoder.counters.ignored.get('fragments whose rest never came')).toBe(5000 - 1024);
  });
});

describe('any bytes at all', () => {
  const linkTypes = fc.constantFrom(...Object.values(LinkType), 12, 10, 77);

  function checkBounds(decoder: Decoder, what: number): void {
    if (what === Decoded.None) return;
    const { payloadStart, payloadEnd, missing, bytes } = decoder.segment;
    expect(payloadStart).toBeGreaterThanOrEqual(0);
    expect(payloadEnd).toBeGreaterThanOrEqual(payloadStart);
    expect(payloadEnd).toBeLessThanOrEqual(bytes.length);
    expect(missing).toBeGreaterThanOrEqual(0);
  }

  test('never throw, and never lead out of the packet', () => {
    const decoder = new Decoder();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        linkTypes,
        fc.nat(300),
        (bytes, link, wire) => {
          checkBounds(decoder, decoder.decode(bytes, 0, bytes.length, wire, link, 0));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('made of damaged good packets', () => {
    const samples = [
      helloFrame,
      ethernet(
        0x86dd,
        ipv6(build.fragment6(6, 9, 8, true, tcp(text('hello')).subarray(0, 24)), 44),
      ),
      inUdp(build.vxlan(42, helloFrame), 4789),
      inUdp(build.geneve(42, 0x6558, helloFrame), 6081),
      inUdp(build.gtp(1, hello), 2152),
      ethernet(
        0x0800,
        ipv4(build.gre(0x88be, join([0x10, 0, 0, 1, 0, 0, 0, 0], helloFrame), 3, 5), {
          protocol: 47,
        }),
      ),
      ethernet(0x8847, join([0, 1, 0x21, 64], [0, 0, 0, 0], helloFrame)),
    ];
    const damage = fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 4 });
    const decoder = new Decoder();
    fc.assert(
      fc.property(fc.constantFrom(...samples), damage, fc.nat(40), (sample, changes, cut) => {
        const bytes = sample.slice(0, Math.max(0, sample.length - cut));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        checkBounds(
          decoder,
          decoder.decode(bytes, 0, bytes.length, sample.length, LinkType.Ethernet, 0),
        );
      }),
      { numRuns: 5000 },
    );
  });
});
