import { describe, expect, it } from 'vitest';
import * as build from '../../test/fuzz/build-packets.ts';
import { LinkType } from '../capture/contract.ts';
import { TcpFlag } from '../decode/contract.ts';
import { Pipeline } from '../pipeline.ts';
import { addressText } from '../ship/batch.ts';

const request = 'GET /a HTTP/1.1\r\nHost: shop\r\n\r\n';
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

interface Ends {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
}

const asked: Ends = {
  client: '10.0.0.1',
  clientPort: 40_000,
  server: '10.96.0.1',
  serverPort: 80,
};
const reached: Ends = { ...asked, server: '10.0.0.9', serverPort: 8080 };

interface Row {
  readonly source: string;
  readonly destination: string;
  readonly front: string;
  readonly sightings: number;
}

/** Every packet of one connection with two calls, seen at each place in turn. */
function see(
  places: readonly Ends[],
  initial = places.map(() => 1000),
  isSeen: (place: number, up: boolean) => boolean = () => true,
): Row[] & { holes?: number } {
  const rows: Row[] & { holes?: number } = [];
  const pipeline = new Pipeline(
    { thread: 0, node: 0, capture: 0, bodyLimitBytes: 1000, redact: false, demoPorts: [] },
    ({ rows: count, columns }) => {
      const end = (bytes: Uint8Array, row: number, port: number) =>
        port === 0 ? '' : `${addressText(bytes, row * 16)}:${port}`;
      for (let row = 0; row < count; row++) {
        rows.push({
          source: end(columns.sourceAddress, row, columns.sourcePort[row]!),
          destination: end(columns.destinationAddress, row, columns.destinationPort[row]!),
          front: end(columns.frontAddress, row, columns.frontPort[row]!),
          sightings: columns.sightings[row]!,
        });
      }
    },
  );
  const { Syn, Ack } = TcpFlag;
  const [afterRequest, afterResponse] = [1 + request.length, 2001 + response.length];
  const packets = [
    { up: true, sequence: 0, acknowledgement: 0, flags: Syn, text: '' },
    { up: false, sequence: 2000, acknowledgement: 1, flags: Syn | Ack, text: '' },
    { up: true, sequence: 1, acknowledgement: 2001, flags: Ack, text: request },
    { up: false, sequence: 2001, acknowledgement: afterRequest, flags: Ack, text: response },
    { up: true, sequence: afterRequest, acknowledgement: afterResponse, flags: Ack, text: request },
    {
      up: false,
      sequence: afterResponse,
      acknowledgement: afterRequest + request.length,
      flags: Ack,
      text: response,
    },
  ];
  let nowMs = 1_700_000_000_000;
  for (const { up, sequence, acknowledgement, flags, text } of packets) {
    places.forEach(({ client, clientPort, server, serverPort }, place) => {
      nowMs += 0.02;
      if (!isSeen(place, up)) return;
      const start = initial[place]!;
      const segment = build.tcp(build.text(text), {
        sequence: up ? sequence + start : sequence,
        acknowledgement: up ? acknowledgement : acknowledgement + start,
        flags,
        sourcePort: up ? clientPort : serverPort,
        destinationPort: up ? serverPort : clientPort,
      });
      const [source, destination] = up ? [client, server] : [server, client];
      const word = (address: string) =>
        address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      const packet = build.ipv4(segment, {
        source: word(source),
        destination: word(destination),
      });
      pipeline.packet(packet, 0, packet.length, packet.length, LinkType.RawIp, nowMs);
    });
  }
  pipeline.end();
  rows.holes = pipeline.counters().holes;
  return rows;
}

describe('a connection seen on two interfaces', () => {
  it('through a service: each call once, with the pod behind and the service in front', () => {
    const call = {
      source: '10.0.0.1:40000',
      destination: '10.0.0.9:8080',
      front: '10.96.0.1:80',
      sightings: 2,
    };
    expect([...see([asked, reached])]).toEqual([call, call]);
  });

  it('with the client hidden behind its node: the client is shown', () => {
    const hidden = { ...reached, client: '192.168.1.1', clientPort: 50_000 };
    const call = {
      source: '10.0.0.1:40000',
      destination: '10.0.0.9:8080',
      front: '',
      sightings: 2,
    };
    expect([...see([reached, hidden])]).toEqual([call, call]);
  });

  it('on a bridge that shows half-translated answers: nothing is missed', () => {
    const rows = see([asked, reached], undefined, (place, up) => place === 0 || !up);
    expect(rows).toHaveLength(2);
    expect(rows.holes).toBe(0);
  });

  it('on a bridge that shows half-translated requests: nothing waits for an answer', () => {
    const rows = see([asked, reached], undefined, (place, up) => place === 0 || up);
    const call = {
      source: '10.0.0.1:40000',
      destination: '10.0.0.9:8080',
      front: '10.96.0.1:80',
      sightings: 2,
    };
    expect([...rows]).toEqual([call, call]);
  });

  it('through a node port, hidden and translated at once', () => {
    const outside = { ...asked, server: '192.168.1.1', serverPort: 30_080 };
    const inside = { ...reached, client: '192.168.1.1', clientPort: 50_000 };
    const call = {
      source: '10.0.0.1:40000',
      destination: '10.0.0.9:8080',
      front: '192.168.1.1:30080',
      sightings: 2,
    };
    expect([...see([outside, inside])]).toEqual([call, call]);
  });
});

describe('two connections', () => {
  it('stay two when one initial sequence number differs', () => {
    expect(see([asked, reached], [1000, 5000])).toHaveLength(4);
  });

  it('stay two when they differ in nothing but the port of the client', () => {
    expect(see([asked, { ...asked, clientPort: 40_001 }])).toHaveLength(4);
  });
});
