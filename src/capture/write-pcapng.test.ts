import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkType } from './contract.ts';
import { openFiles } from './file-source.ts';
import { SourceError } from './source-error.ts';
import { buildPcap } from './testing/build-capture.ts';
import { collector, hasProgram, readAll, temporaryFolder } from './testing/collect.ts';
import { PcapngWriter, teeSink } from './write-pcapng.ts';

const folder = temporaryFolder();
const START = 1_700_000_000_000;

const anyPacket = fc.record({
  bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  more: fc.nat(2_000),
  linkType: fc.constantFrom(LinkType.Ethernet, LinkType.RawIp, LinkType.LinuxCooked2),
  micros: fc.nat(2_000_000_000),
  interfaceIndex: fc.nat(5),
});

describe('a written pcapng file', () => {
  it('reads back as what was written', async () => {
    const file = path.join(folder.path, 'back.pcapng');
    await fc.assert(
      fc.asyncProperty(fc.array(anyPacket, { maxLength: 30 }), async (packets) => {
        const writer = new PcapngWriter(file, { interfaceName: (index) => `eth${index}` });
        for (const { bytes, more, linkType, micros, interfaceIndex } of packets) {
          const time = (START * 1e3 + micros) / 1e3;
          writer.packet(
            bytes,
            0,
            bytes.length,
            bytes.length + more,
            linkType,
            time,
            interfaceIndex,
          );
        }
        writer.close();
        const source = openFiles([file]);
        const seen = await readAll(source);
        expect(source.damage()).toEqual([]);
        expect(
          seen.map((packet) => [
            packet.bytes.toString('hex'),
            packet.wireLength,
            packet.linkType,
            packet.timestampMs,
            source.interfaceName(packet.interfaceIndex),
          ]),
        ).toEqual(
          packets.map(({ bytes, more, linkType, micros, interfaceIndex }) => [
            bytes.toString('hex'),
            bytes.length + more,
            linkType,
            (START * 1e3 + micros) / 1e3,
            `eth${interfaceIndex}`,
          ]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('holds packets larger than the buffer', async () => {
    const file = path.join(folder.path, 'large.pcapng');
    const writer = new PcapngWriter(file);
    const large = Buffer.alloc(3 << 20, 7);
    for (const bytes of [Buffer.alloc(3), large, Buffer.alloc(5)]) {
      writer.packet(bytes, 0, bytes.length, bytes.length, 1, START, 0);
    }
    writer.close();
    const seen = await readAll(openFiles([file]));
    expect(seen.map((packet) => packet.bytes.length)).toEqual([3, large.length, 5]);
  });

  it.skipIf(!hasProgram('capinfos') || !hasProgram('tshark'))('is valid for others', () => {
    const file = path.join(folder.path, 'others.pcapng');
    const writer = new PcapngWriter(file, {
      interfaceName: (index) => ['lo', 'eth0'][index] ?? '',
    });
    for (let index = 0; index < 10_000; index++) {
      const bytes = Buffer.alloc(60 + (index % 7), index & 255);
      writer.packet(bytes, 0, bytes.length, bytes.length, 1, START + index / 4, index % 2);
    }
    writer.close();
    const run = (program: string, args: string[]) =>
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const summary = run('capinfos', ['-M', '-c', '-E', file]);
    expect(summary).toMatch(/Number of packets:\s+10000/);
    const fields = ['-e', 'frame.interface_name', '-e', 'frame.time_epoch', '-e', 'frame.len'];
    const lines = run('tshark', ['-n', '-c', '2', '-r', file, '-T', 'fields', ...fields]);
    expect(lines.trim().split('\n')).toEqual([
      'lo\t1700000000.000000000\t60',
      'eth0\t1700000000.000250000\t61',
    ]);
  });

  it('is whole after a flush, while the writing goes on', async () => {
    const file = path.join(folder.path, 'flushed.pcapng');
    const writer = new PcapngWriter(file);
    writer.packet(Buffer.alloc(10), 0, 10, 10, 1, START, 0);
    writer.flush();
    expect((await readAll(openFiles([file]))).length).toBe(1);
    writer.packet(Buffer.alloc(10), 0, 10, 10, 1, START, 0);
    await expect
      .poll(async () => (await readAll(openFiles([file]))).length, { timeout: 5_000 })
      .toBe(2);
    writer.close();
  });

  it('takes copies of what another sink gets', async () => {
    const input = folder.file('tee.pcap', buildPcap([{ bytes: Buffer.from('abc'), time: START }]));
    const output = path.join(folder.path, 'tee.pcapng');
    const writer = new PcapngWriter(output);
    const sink = collector();
    const source = openFiles([input]);
    while ((await source.read(teeSink(sink, writer), 10)) >= 0);
    writer.close();
    writer.close();
    expect(sink.seen).toEqual(await readAll(openFiles([output])));
  });
});

describe('a file that cannot be written', () => {
  it('is refused at once when it cannot be created', () => {
    expect(() => new PcapngWriter(path.join(folder.path, 'no/such/folder'))).toThrow(SourceError);
  });

  it.skipIf(!fs.existsSync('/dev/full'))(
    'ends the writing, says so and counts what is lost',
    () => {
      const writer = new PcapngWriter('/dev/full');
      writer.packet(Buffer.alloc(10), 0, 10, 10, 1, START, 0);
      writer.close();
      expect(writer.failure).toMatch(/cannot be written any more/);
      expect(writer.lost).toBe(1);
    },
  );
});
