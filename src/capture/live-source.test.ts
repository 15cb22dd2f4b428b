import { execFileSync } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinkType, type PacketSink, type PacketSource } from './contract.ts';
import { type CaptureTargets, type LiveOptions, listInterfaces, openLive } from './index.ts';
import { SourceError } from './source-error.ts';
import { collector, hasProgram } from './testing/collect.ts';

/** Why live capture cannot be tested here, or an empty text. */
function whyNot(): string {
  try {
    openLive({ ringBytes: 1 << 20 }).close();
    return '';
  } catch (error) {
    return error instanceof SourceError ? error.message : String(error);
  }
}

const reason = whyNot();
const live = it.skipIf(reason !== '');
if (reason !== '') it.skip(`live capture is not tested: ${reason}`, () => undefined);

const scene = fileURLToPath(new URL('./testing/bridge-scene.ts', import.meta.url));
function canUnshare(): boolean {
  try {
    execFileSync(
      'unshare',
      ['-n', 'ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb'],
      {
        stdio: 'ignore',
      },
    );
    return true;
  } catch {
    return false;
  }
}

let server: http.Server;
let port = 0;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    response.end(request.url === '/large' ? 'x'.repeat(500_000) : `answer to ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.close();
});

async function get(target: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${target}`, {
    headers: { connection: 'close' },
  });
  return response.text();
}

async function captured(options: LiveOptions, run: () => Promise<unknown>) {
  const source: PacketSource = openLive(options);
  const sink = collector();
  await run();
  let quiet = 0;
  while (quiet < 3) quiet = (await source.read(sink, 60)) === 0 ? quiet + 1 : 0;
  const counters = source.counters();
  source.close();
  expect(await source.read(sink, 10)).toBe(-1);
  expect(source.counters().packets).toBe(counters.packets);
  return { seen: sink.seen, counters };
}

function occurrences(seen: readonly { bytes: Buffer }[], text: string): number {
  return seen.filter((packet) => packet.bytes.includes(text)).length;
}

describe('live capture on loopback', () => {
  live('sees a request and its answer once', async () => {
    const { seen, counters } = await captured({ captureFilter: `tcp port ${port}` }, () =>
      get('/once'),
    );
    expect(occurrences(seen, 'GET /once HTTP/1.1')).toBe(1);
    expect(occurrences(seen, 'answer to /once')).toBe(1);
    expect(seen.every((packet) => packet.linkType === LinkType.Ethernet)).toBe(true);
    expect(seen.every((packet) => Math.abs(packet.timestampMs - Date.now()) < 60_000)).toBe(true);
    expect(counters).toMatchObject({ packets: seen.length, dropped: 0 });
    expect(seen.filter((packet) => packet.bytes[47] === 0x02).length).toBe(1);
  });

  live('keeps packets larger than any card has whole', async () => {
    const { seen } = await captured({ captureFilter: `tcp src port ${port}` }, () => get('/large'));
    expect(Math.max(...seen.map((packet) => packet.bytes.length))).toBeGreaterThan(20_000);
    expect(seen.every((packet) => packet.bytes.length === packet.wireLength)).toBe(true);
    // IPv4: total length less headers.
    const payload = seen.map(({ bytes }) => bytes.readUInt16BE(16) - 20 - (bytes[46]! >> 4) * 4);
    expect(payload.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(500_000);
  });

  live('leaves out ignored ports in both directions', async () => {
    const { seen } = await captured({ ignorePorts: [port] }, () => get('/ignored'));
    expect(occurrences(seen, '/ignored')).toBe(0);
  });

  live('captures from a named interface, and from several', async () => {
    for (const interfaces of [['lo'], listInterfaces().map(({ name }) => name)]) {
      const captureFilter = `port ${port}`;
      const { seen } = await captured({ interfaces, captureFilter }, () => get('/named'));
      expect(occurrences(seen, 'GET /named')).toBe(1);
    }
  });

  live('cuts packets at the snap length and tells how long they were', async () => {
    const options = { captureFilter: `src port ${port}`, snapLength: 100 };
    const { seen } = await captured(options, () => get('/large'));
    expect(Math.max(...seen.map((packet) => packet.bytes.length))).toBe(100);
    expect(Math.max(...seen.map((packet) => packet.wireLength))).toBeGreaterThan(20_000);
  });

  live('counts what the ring had no room for', async () => {
    const { counters } = await captured(
      { ringBytes: 1 << 20, captureFilter: `port ${port}` },
      async () => {
        for (let round = 0; round < 10; round++) await get('/large');
      },
    );
    expect(counters.dropped).toBeGreaterThan(0);
  });

  live('can be opened and closed again and again', () => {
    for (let round = 0; round < 20; round++) openLive({ ringBytes: 4 << 20 }).close();
  });

  live('takes filters of any size that compile', () => {
    const hosts = Array.from({ length: 120 }, (_, index) => `10.1.${index}.1`).join(' or ');
    openLive({ captureFilter: `not (host ${hosts})` }).close();
  });
});

describe('live capture of targets', () => {
  const targets = (version: number, ...addresses: string[]): CaptureTargets => ({
    version,
    addresses,
    endpoints: [],
    ignored: [],
  });
  const many = Array.from(
    { length: 10_000 },
    (_, at) => `10.${at >> 12}.${(at >> 5) & 127}.${(at & 31) * 5}`,
  );
  const manyIp6 = Array.from(
    { length: 10_000 },
    (_, at) => `fd00:10:${at & 7}::${(at * 3).toString(16)}`,
  );

  async function drained(source: PacketSource, sink: PacketSink): Promise<void> {
    for (let quiet = 0; quiet < 2; ) quiet = (await source.read(sink, 60)) === 0 ? quiet + 1 : 0;
  }

  live('reads what belongs to them, whatever their number', async () => {
    for (const others of [[], [...many, ...manyIp6]]) {
      const seen = (own: string) =>
        captured({ targets: targets(1, ...others, own) }, () => get('/of-a-target'));
      const { seen: packets } = await seen('127.0.0.1');
      expect(occurrences(packets, 'GET /of-a-target')).toBe(1);
      expect((await seen('127.0.0.2')).seen).toHaveLength(0);
    }
  });

  live('reads one port of an address, and its own never', async () => {
    const of = (endpoint: number, ignored: number) =>
      captured(
        {
          targets: {
            version: 1,
            addresses: [],
            endpoints: [{ address: '', port: endpoint }],
            ignored: [{ address: '127.0.0.1', port: ignored }],
          },
        },
        () => get('/by-port'),
      );
    expect(occurrences((await of(port, 1)).seen, 'GET /by-port')).toBe(1);
    expect((await of(port === 9 ? 10 : 9, 1)).seen).toHaveLength(0);
    expect((await of(port, port)).seen).toHaveLength(0);
  });

  live('takes new ones in between, and misses nothing of those that stay', async () => {
    const source = openLive({ targets: targets(0, '127.0.0.1') });
    const sink = collector();
    const rounds = 30;
    for (let round = 1; round <= rounds; round++) {
      const others = round % 2 === 0 ? many : manyIp6;
      const before = get(`/round/${round}/before`);
      source.retarget!(targets(round, ...others.slice(0, 300 * round), '127.0.0.1'));
      await Promise.all([before, get(`/round/${round}/after`)]);
      await source.read(sink, 50);
    }
    await drained(source, sink);
    for (let round = 1; round <= rounds; round++) {
      expect(occurrences(sink.seen, `GET /round/${round}/before`)).toBe(1);
      expect(occurrences(sink.seen, `GET /round/${round}/after`)).toBe(1);
    }
    source.retarget!(targets(99));
    sink.seen.length = 0;
    await get('/no-targets');
    await drained(source, sink);
    expect(sink.seen).toHaveLength(0);
    expect(source.damage()).toEqual([]);
    source.close();
  });

  live('of IPv6 too', async () => {
    const six = http.createServer((_, response) => response.end('six'));
    const failed = await new Promise((resolve) => {
      six.on('error', resolve);
      six.listen(0, '::1', () => resolve(undefined));
    });
    if (failed !== undefined) return;
    const url = `http://[::1]:${(six.address() as AddressInfo).port}/six`;
    const run = () => fetch(url, { headers: { connection: 'close' } }).then((r) => r.text());
    const { seen } = await captured({ targets: targets(1, ...manyIp6, '::1') }, run);
    expect(occurrences(seen, 'GET /six')).toBe(1);
    expect((await captured({ targets: targets(1, ...manyIp6) }, run)).seen).toHaveLength(0);
    six.close();
  });
});

describe('live capture on veth pairs and a bridge', () => {
  it.skipIf(reason !== '' || !hasProgram('unshare') || !canUnshare())(
    'counts a packet once, a retransmission again, and keeps VLAN tags',
    () => {
      const output = execFileSync('unshare', ['-n', process.execPath, scene], { encoding: 'utf8' });
      const { seen, counters } = JSON.parse(output) as {
        seen: [string, string][];
        counters: { ignored: number };
      };
      const of = (text: string) => seen.filter(([, payload]) => payload === text);
      expect(of('plain')).toHaveLength(1);
      expect(of('again')).toHaveLength(2);
      expect(of('tagged')).toHaveLength(1);
      expect(of('tagged')[0]![0]).toMatch(/^8100000a0800/);
      expect(of('twice tagged')).toHaveLength(1);
      expect(of('twice tagged')[0]![0]).toMatch(/^88a80014810000150800/);
      expect(counters.ignored).toBeGreaterThan(0);
    },
  );
});

describe('live capture that is not possible', () => {
  it('names the interfaces that exist', () => {
    if (process.platform !== 'linux') return;
    expect(() => openLive({ interfaces: ['nope0'] })).toThrow(
      /no network interface "nope0" here; there are: .*\blo\b/,
    );
  });

  it('says where a filter is wrong', () => {
    if (process.platform !== 'linux') return;
    expect(() => openLive({ captureFilter: 'tcp prot 80' })).toThrow(/character 5/);
  });

  it.skipIf(reason !== '' || !hasProgram('setpriv'))(
    'without the capability gives the remedies',
    () => {
      const script = `import(${JSON.stringify(path.resolve('src/capture/index.ts'))}).then(({ openLive }) => {
      try { openLive(); } catch (error) { console.log(error.code, error.message); } });`;
      const output = execFileSync(
        'setpriv',
        ['--bounding-set', '-net_raw', '--inh-caps', '-net_raw', process.execPath, '-e', script],
        {
          encoding: 'utf8',
        },
      );
      expect(output).toMatch(
        /^not-permitted .*sudo.*setcap cap_net_raw\+ep \/.*--cap-add NET_RAW.*--read -/,
      );
      expect(output.trim()).not.toContain('\n');
    },
  );
});

describe('the list of interfaces', () => {
  it('has loopback, with its number and addresses', () => {
    const loopback = listInterfaces().find((candidate) =>
      candidate.addresses.includes('127.0.0.1'),
    );
    expect(loopback).toMatchObject({ up: true, linkType: LinkType.Ethernet });
  });
});
