import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from './contract.ts';
import { openFiles } from './file-source.ts';
import { SourceError } from './source-error.ts';
import {
  block,
  buildPcap,
  enhancedBlock,
  interfaceBlock,
  sectionBlock,
  simpleBlock,
  type TestPacket,
} from './testing/build-capture.ts';
import { hasProgram, readAll, sharedCaptures, temporaryFolder } from './testing/collect.ts';

const folder = temporaryFolder();
const START = 1_700_000_000_000;

function numbered(count: number, size = 60): TestPacket[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.alloc(size, index & 0xff);
    bytes.writeUInt32LE(index, 0);
    return { bytes, time: START + index * 0.125 };
  });
}

async function readBytes(name: string, bytes: Uint8Array) {
  const source = openFiles([folder.file(name, bytes)]);
  const seen = await readAll(source);
  return { seen, damage: source.damage(), counters: source.counters() };
}

function errorOf(run: () => unknown): SourceError {
  try {
    run();
  } catch (error) {
    if (error instanceof SourceError) return error;
  }
  throw new Error('no SourceError was thrown');
}

describe('pcap files', () => {
  for (const kind of [
    {},
    { big: true },
    { nano: true },
    { nano: true, big: true },
    { patched: true },
    { patched: true, big: true },
  ]) {
    it(`gives back what was written: ${JSON.stringify(kind)}`, async () => {
      const packets = numbered(5);
      const { seen, damage, counters } = await readBytes('kind.pcap', buildPcap(packets, kind));
      expect(damage).toEqual([]);
      expect(seen.map((packet) => packet.bytes)).toEqual(packets.map((packet) => packet.bytes));
      expect(seen.map((packet) => packet.timestampMs)).toEqual(packets.map(({ time }) => time));
      expect(counters.packets).toBe(5);
      expect(counters.bytes).toBe(300);
      expect(counters.readBytes).toBe(counters.totalBytes);
    });
  }

  it('tells the length on the wire of packets cut by a snap length', async () => {
    const packet = { bytes: Buffer.alloc(96), time: START, wireLength: 1_514 };
    const { seen } = await readBytes('snap.pcap', buildPcap([packet]));
    expect(seen[0]).toMatchObject({ wireLength: 1_514 });
    expect(seen[0]?.bytes.length).toBe(96);
  });

  it('takes the raw IP number of other systems for raw IP', async () => {
    for (const linkType of [12, 14, 101]) {
      const { seen } = await readBytes('raw.pcap', buildPcap(numbered(1), { linkType }));
      expect(seen[0]?.linkType).toBe(LinkType.RawIp);
    }
  });

  it('reads records across chunks, and larger than a chunk', async () => {
    const packets = [...numbered(40, 100_000), ...numbered(3, 250_000)];
    const { seen, damage } = await readBytes('large.pcap', buildPcap(packets));
    expect(damage).toEqual([]);
    expect(seen.length).toBe(43);
    expect(seen.every((packet, index) => packet.bytes.equals(packets[index]!.bytes))).toBe(true);
  });

  it('hands on everything in front of a cut, and says where it is', async () => {
    const whole = buildPcap(numbered(3));
    const { seen, damage } = await readBytes('cut.pcap', whole.subarray(0, -10));
    expect(seen.length).toBe(2);
    expect(damage).toHaveLength(1);
    expect(damage[0]).toMatchObject({
      offset: 24 + 2 * 76,
      reason: 'cut: 66 of 76 bytes of a record',
    });
  });

  it('hands on everything in front of a record of impossible length', async () => {
    const bytes = buildPcap(numbered(3));
    bytes.writeUInt32LE(0xffffffff, 24 + 76 + 8);
    const { seen, damage } = await readBytes('damaged.pcap', bytes);
    expect(seen.length).toBe(1);
    expect(damage[0]).toMatchObject({ offset: 100, reason: 'record of 4,294,967,295 bytes' });
  });
});

describe('pcapng files', () => {
  const data = Buffer.from('0123456789');

  for (const big of [false, true]) {
    it(`reads all kinds of packet blocks, ${big ? 'big' : 'little'} endian`, async () => {
      const file = Buffer.concat([
        sectionBlock(big),
        interfaceBlock({ linkType: 1, name: 'eth0' }, big),
        block(0x0bad, Buffer.from('unknown blocks are skipped..'), big),
        enhancedBlock(data, 1_700_000_000_000_001n, { big }),
        simpleBlock(data, 10, big),
        enhancedBlock(data, 1_700_000_000_000_002n, { big, old: true, wireLength: 99 }),
      ]);
      const { seen, damage } = await readBytes('kinds.pcapng', file);
      expect(damage).toEqual([]);
      expect(seen.map((packet) => packet.timestampMs)).toEqual([
        1_700_000_000_000.001, 1_700_000_000_000.001, 1_700_000_000_000.002,
      ]);
      expect(seen.map((packet) => packet.bytes.toString())).toEqual(Array(3).fill('0123456789'));
      expect(seen.map((packet) => packet.wireLength)).toEqual([10, 10, 99]);
    });
  }

  it('keeps link type, resolution and offset of each interface', async () => {
    const file = Buffer.concat([
      sectionBlock(),
      interfaceBlock({ linkType: 1, name: 'lo', resolution: 9 }),
      interfaceBlock({ linkType: 101, name: 'tun0', resolution: 0x80 | 10 }),
      interfaceBlock({ linkType: 113, resolution: 0, offsetSeconds: -3600 }),
      enhancedBlock(data, 1_700_000_000_250_000_000n, { interfaceIndex: 0 }),
      enhancedBlock(data, 1_700_000_000n * 1_024n + 512n, { interfaceIndex: 1 }),
      enhancedBlock(data, 1_700_003_600n, { interfaceIndex: 2 }),
    ]);
    const source = openFiles([folder.file('interfaces.pcapng', file)]);
    const seen = await readAll(source);
    expect(seen.map((packet) => packet.timestampMs)).toEqual([START + 250, START + 500, START]);
    expect(seen.map((packet) => packet.linkType)).toEqual([1, 101, 113]);
    expect(seen.map((packet) => source.interfaceName(packet.interfaceIndex))).toEqual([
      'lo',
      'tun0',
      '',
    ]);
  });

  it('starts anew with each section, whose byte order may differ', async () => {
    const file = Buffer.concat([
      sectionBlock(),
      interfaceBlock({ linkType: 1 }),
      enhancedBlock(data, 1n),
      sectionBlock(true),
      interfaceBlock({ linkType: 276 }, true),
      enhancedBlock(data, 2_000n, { big: true }),
    ]);
    const { seen, damage } = await readBytes('sections.pcapng', file);
    expect(damage).toEqual([]);
    expect(
      seen.map((packet) => [packet.linkType, packet.interfaceIndex, packet.timestampMs]),
    ).toEqual([
      [1, 0, 0.001],
      [276, 1, 2],
    ]);
  });

  it('counts drops that the capturing program reported', async () => {
    const statistics = (drops: bigint) => {
      const bytes = Buffer.alloc(24);
      bytes.writeUInt16LE(5, 12);
      bytes.writeUInt16LE(8, 14);
      bytes.writeBigUInt64LE(drops, 16);
      return block(5, bytes);
    };
    const file = [sectionBlock(), interfaceBlock({ linkType: 1 }), statistics(3n), statistics(7n)];
    const { counters } = await readBytes('drops.pcapng', Buffer.concat(file));
    expect(counters.dropped).toBe(7);
  });

  it('says what is wrong with a damaged block', async () => {
    const head = Buffer.concat([
      sectionBlock(),
      interfaceBlock({ linkType: 1 }),
      enhancedBlock(data, 1n),
    ]);
    const cases: [Buffer, string][] = [
      [
        enhancedBlock(data, 1n, { interfaceIndex: 9 }),
        'packet of interface 9, which the file does not declare',
      ],
      [Buffer.alloc(12, 0xff), 'block of 4,294,967,295 bytes'],
      [
        Buffer.concat([enhancedBlock(data, 1n).subarray(0, -4), Buffer.alloc(4)]),
        'block whose length is 44 in front and another behind',
      ],
      [enhancedBlock(data, 1n).subarray(0, 20), 'cut: 20 of 44 bytes of a record'],
    ];
    for (const [bytes, reason] of cases) {
      const { seen, damage } = await readBytes('broken.pcapng', Buffer.concat([head, bytes]));
      expect(seen.length).toBe(1);
      expect(damage[0]).toMatchObject({ offset: head.length, reason });
    }
  });
});

describe('compressed files', () => {
  const packets = numbered(30_000, 200);
  const plain = buildPcap(packets);

  it('reads gzip and zstd, also in several members, whatever the name', async () => {
    const half = plain.length >> 1;
    const parts = [plain.subarray(0, half), plain.subarray(half)];
    const files = {
      gzip: zlib.gzipSync(plain),
      members: Buffer.concat(parts.map((part) => zlib.gzipSync(part))),
      zstd: zlib.zstdCompressSync(plain),
      frames: Buffer.concat(parts.map((part) => zlib.zstdCompressSync(part))),
      nested: zlib.gzipSync(zlib.zstdCompressSync(plain)),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const { seen, damage, counters } = await readBytes(`${name}.bin`, bytes);
      expect(damage, name).toEqual([]);
      expect(seen.length, name).toBe(packets.length);
      expect(seen.at(-1)?.bytes.equals(packets.at(-1)!.bytes)).toBe(true);
      expect(counters.readBytes).toBe(bytes.length);
      expect(counters.totalBytes).toBe(bytes.length);
    }
  });

  it('hands on what comes out of a cut or damaged one', async () => {
    for (const compress of [zlib.gzipSync, zlib.zstdCompressSync]) {
      // Not compressible, so that there is much in front of the damage.
      const noise = numbered(3_000, 1_000).map((packet, index) => ({
        ...packet,
        bytes: Buffer.from(packet.bytes.map((_, at) => (at * 2_654_435_761 * (index + 7)) >>> 9)),
      }));
      const whole = compress(buildPcap(noise));
      const { seen, damage } = await readBytes('cut.bin', whole.subarray(0, whole.length >> 1));
      expect(seen.length).toBeGreaterThan(500);
      expect(damage[0]?.reason).toMatch(/data is damaged or cut/);
    }
  });
});

describe('several files', () => {
  it('are merged by time', async () => {
    const packets = numbered(30_000);
    const parts = [0, 1, 2].map((part) => packets.filter((_, index) => index % 3 === part));
    const paths = [
      folder.file('m0.pcap', buildPcap(parts[0]!)),
      folder.file('m1.pcap.gz', zlib.gzipSync(buildPcap(parts[1]!, { nano: true, linkType: 101 }))),
      folder.file('m2.pcap', buildPcap(parts[2]!, { big: true })),
    ];
    const seen = await readAll(openFiles(paths));
    expect(seen.map((packet) => packet.bytes.readUInt32LE(0))).toEqual(
      packets.map((_, index) => index),
    );
    expect(new Set(seen.map((packet) => packet.interfaceIndex)).size).toBe(3);
  });

  it('go on when one of them is damaged', async () => {
    const whole = buildPcap(numbered(10));
    const source = openFiles([
      folder.file('a.pcap', whole),
      folder.file('b.pcap', whole.subarray(0, 140)),
    ]);
    expect((await readAll(source)).length).toBe(11);
    expect(source.damage().map((damage) => damage.file)).toEqual([
      path.join(folder.path, 'b.pcap'),
    ]);
  });
});

describe('files that cannot be opened', () => {
  const cases: [string, () => string, string, RegExp][] = [
    [
      'missing',
      () => path.join(folder.path, 'nowhere.pcap'),
      'missing',
      /nowhere\.pcap: there is no such file/,
    ],
    ['a folder', () => folder.path, 'unreadable', /is a folder/],
    ['empty', () => folder.file('empty', Buffer.alloc(0)), 'not-a-capture', /is empty/],
    [
      'text',
      () => folder.file('text', Buffer.from('GET / HTTP/1.1')),
      'not-a-capture',
      /neither pcap nor pcapng/,
    ],
    [
      'compressed text',
      () => folder.file('text.gz', zlib.gzipSync('hello world')),
      'not-a-capture',
      /neither/,
    ],
    [
      'three bytes',
      () => folder.file('three', Buffer.from([0xd4, 0xc3, 0xb2])),
      'not-a-capture',
      /neither/,
    ],
    ['a device', () => '/dev/null', 'not-a-capture', /terminal or device/],
  ];
  for (const [name, make, code, message] of cases) {
    it(`say so in one line: ${name}`, () => {
      const error = errorOf(() => openFiles([make()]));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('\n');
    });
  }

  it('refuse a filter that makes no sense before opening anything', () => {
    expect(errorOf(() => openFiles(['nowhere'], { captureFilter: 'port' })).code).toBe(
      'bad-filter',
    );
  });
});

describe('standard input', () => {
  const script = `
    const { Worker } = require('node:worker_threads');
    new Worker(\`
      import(${JSON.stringify(path.resolve('src/capture/index.ts'))}).then(async ({ openFiles }) => {
        const source = openFiles(['-']);
        let packets = 0;
        for (;;) {
          const count = await source.read({ packet() { packets++; } }, 50);
          if (count !== 0) console.log(count < 0 ? 'end ' + packets + ' ' + JSON.stringify(source.damage()) : 'packets ' + packets);
          if (count < 0) break;
        }
        source.close();
      });
    \`, { eval: true });`;

  function reader() {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    return {
      stdin: child.stdin,
      async until(pattern: RegExp): Promise<string> {
        while (!pattern.test(output)) await new Promise((resolve) => setTimeout(resolve, 10));
        return output;
      },
    };
  }

  it('hands on each packet as soon as it is there', async () => {
    const { stdin, until } = reader();
    const bytes = buildPcap(numbered(3));
    stdin.write(bytes.subarray(0, 30));
    await new Promise((resolve) => setTimeout(resolve, 100));
    stdin.write(bytes.subarray(30, 24 + 76 + 10));
    await until(/packets 1\n/);
    stdin.write(bytes.subarray(24 + 76 + 10, 24 + 76 * 2));
    await until(/packets 2\n/);
    stdin.end(bytes.subarray(24 + 76 * 2));
    expect(await until(/end/)).toContain('end 3 []');
  });

  it('may be compressed', async () => {
    const { stdin, until } = reader();
    stdin.end(zlib.gzipSync(buildPcap(numbered(3))));
    expect(await until(/end/)).toContain('end 3 []');
  });

  it('that is not a capture is a damage at its begin', async () => {
    const { stdin, until } = reader();
    stdin.end('what is this');
    expect(await until(/end/)).toContain(
      'end 0 [{"file":"standard input","offset":0,"reason":"neither pcap nor pcapng"}]',
    );
  });
});

describe('arbitrary bytes', () => {
  const pcapng = Buffer.concat([
    sectionBlock(),
    interfaceBlock({ linkType: 1, name: 'eth0', resolution: 9 }),
    enhancedBlock(Buffer.alloc(33), 5n),
    simpleBlock(Buffer.alloc(20)),
    enhancedBlock(Buffer.alloc(33), 6n, { old: true }),
  ]);
  const seeds = [buildPcap(numbered(6)), buildPcap(numbered(6), { big: true, nano: true }), pcapng];
  seeds.push(zlib.gzipSync(seeds[0]!), zlib.zstdCompressSync(pcapng));

  async function survives(bytes: Uint8Array): Promise<void> {
    const file = folder.file('arbitrary', bytes);
    let source: ReturnType<typeof openFiles>;
    try {
      source = openFiles([file]);
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      return;
    }
    const seen = await readAll(source);
    expect(seen.length).toBeLessThan(1_000);
  }

  it('never throw while reading, and always end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
        fc.nat(400),
        async (seed, changes, cut) => {
          const bytes = Buffer.from(seed);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await survives(bytes.subarray(0, cut === 0 ? bytes.length : cut));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('behind a good head do no harm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.uint8Array({ maxLength: 300 }),
        async (seed, noise) => {
          await survives(Buffer.concat([seed, noise]));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('captures made by others', () => {
  const captures = sharedCaptures();
  // Three of its "packets" are custom blocks, which tshark shows as frames; capinfos says 5.
  const corrected = new Map([['google+gopacket__pcapgo__tests__le__test102.pcapng', 5]]);

  it.skipIf(captures.length === 0)('have as many packets as tshark finds', async () => {
    for (const { name, path: file, packets } of captures) {
      const seen = await readAll(openFiles([file]));
      const expected = corrected.get(name) ?? packets;
      if (expected !== null) expect([name, seen.length]).toEqual([name, expected]);
    }
  });

  it.skipIf(captures.length === 0 || !hasProgram('tshark'))(
    'have the same times, lengths and interfaces as tshark finds',
    async () => {
      const chosen = captures.filter(({ name }) => /pcapng$/.test(name) && !corrected.has(name));
      for (const { name, path: file } of chosen) {
        const seen = await readAll(openFiles([file]));
        const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len'].flatMap((field) => [
          '-e',
          field,
        ]);
        const lines = execFileSync('tshark', ['-n', '-r', file, '-T', 'fields', ...fields], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const theirs = lines
          .trim()
          .split('\n')
          .map((line) => line.split('\t').map(Number));
        const ours = seen.map((packet) => [
          packet.timestampMs / 1e3,
          packet.wireLength,
          packet.bytes.length,
        ]);
        expect(ours.length, name).toBe(theirs.length);
        theirs.forEach((line, index) => {
          expect(ours[index]!.slice(1), name).toEqual(line.slice(1));
          expect(Math.abs(ours[index]![0]! - line[0]!), name).toBeLessThan(1e-6);
        });
      }
    },
  );

  it.skipIf(captures.length === 0)('are read whole when they are cut anywhere', async () => {
    const { path: file } = captures.find(({ name }) => name.endsWith('.pcapng'))!;
    const bytes = fs.readFileSync(file);
    const whole = await readAll(openFiles([file]));
    for (const part of [0.1, 0.5, 0.9]) {
      const { seen } = await readBytes('part', bytes.subarray(0, Math.floor(bytes.length * part)));
      expect(seen.every((packet, index) => packet.bytes.equals(whole[index]!.bytes))).toBe(true);
    }
  });
});
