import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../test/fuzz/build-packets.ts';
import { LinkType } from '../capture/contract.ts';
import { TcpFlag } from '../decode/contract.ts';
import { Pipeline } from '../pipeline.ts';

/** What OpenSSL sends first. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', servername });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

const { Syn, Ack } = TcpFlag;

function pipeline(): Pipeline {
  const options = { thread: 0, node: 0, capture: 0, bodyLimitBytes: 1000, redact: true };
  const batches = { batchRows: 16, batchHeapBytes: 64 << 10 };
  return new Pipeline({ ...options, ...batches, demoPorts: [] }, () => undefined);
}

/** The names heard when a client sends these pieces to 10.0.0.2:443. */
function heard(pieces: readonly Uint8Array[], handshake = true) {
  const tap = pipeline();
  const send = (up: boolean, bytes: Uint8Array, fields: build.TcpOptions) => {
    const ends = up ? [40_000, 443] : [443, 40_000];
    const segment = build.tcp(bytes, {
      ...fields,
      sourcePort: ends[0]!,
      destinationPort: ends[1]!,
    });
    const packet = build.ipv4(segment, {
      source: up ? build.client4 : build.server4,
      destination: up ? build.server4 : build.client4,
    });
    tap.packet(packet, 0, packet.length, packet.length, LinkType.RawIp, 1_700_000_000_000);
  };
  if (handshake) {
    send(true, build.text(''), { sequence: 1000, acknowledgement: 0, flags: Syn });
    send(false, build.text(''), { sequence: 2000, acknowledgement: 1001, flags: Syn | Ack });
  }
  let sequence = 1001;
  for (const piece of pieces) {
    send(true, piece, { sequence, acknowledgement: 2001 });
    sequence += piece.length;
  }
  tap.end();
  return tap.heardNames();
}

describe('the server that an encrypted connection asks for', () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await clientHello('maps.example');
  });

  it('names its address', () => {
    expect(heard([hello])).toEqual([
      { address: '10.0.0.2', host: 'maps.example', origin: 'sni', timeMs: 1_700_000_000_000 },
    ]);
  });

  it('is found when the greeting comes in pieces, and when the handshake of TCP was missed', () => {
    for (const size of [1, 7, 100]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < hello.length; at += size) pieces.push(hello.subarray(at, at + size));
      expect(heard(pieces)).toHaveLength(1);
    }
    expect(heard([hello], false)).toHaveLength(1);
  });

  it('is not made up from greetings that are cut or damaged', () => {
    for (let length = 0; length < hello.length; length += 3) {
      for (const { host } of heard([hello.subarray(0, length)])) expect(host).toBe('maps.example');
    }
    for (let at = 0; at < hello.length; at++) {
      const damaged = Buffer.from(hello);
      damaged[at]! ^= 0xff;
      expect(heard([damaged]).length).toBeLessThanOrEqual(1);
    }
  });
});

it('a DNS answer on the wire names addresses', () => {
  const tap = pipeline();
  const question = [4, ...Buffer.from('maps'), 7, ...Buffer.from('example'), 0, 0, 1, 0, 1];
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
  const answer = [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, ...question, ...record];
  for (const port of [53, 5353]) {
    const datagram = build.udp(Uint8Array.from(answer), port, 40_000);
    const packet = build.ipv4(datagram, { protocol: 17 });
    tap.packet(packet, 0, packet.length, packet.length, LinkType.RawIp, 5000);
  }
  expect(tap.heardNames()).toEqual([
    { address: '192.0.2.7', host: 'maps.example', origin: 'dns', timeMs: 5000 },
  ]);
});
