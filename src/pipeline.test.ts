import { describe, expect, it } from 'vitest';
import * as build from '../test/fuzz/build-packets.ts';
import { LinkType } from './capture/contract.ts';
import { TcpFlag } from './decode/contract.ts';
import { ShedLevel } from './dissect/index.ts';
import type { EntryRow } from './entry/entry.ts';
import { rowFromBatch } from './entry/row.ts';
import { Pipeline } from './pipeline.ts';
import { protocolByCode } from './protocols/index.ts';

/** A pipeline and connections over it, segment by segment. */
class Scene {
  readonly rows: EntryRow[] = [];
  readonly pipeline = new Pipeline(
    {
      thread: 0,
      node: 0,
      capture: 0,
      bodyLimitBytes: 1000,
      redact: true,
      demoPorts: [8801],
      batchRows: 16,
      batchHeapBytes: 128 << 10,
    },
    (batch) => {
      for (let row = 0; row < batch.rows; row++) {
        this.rows.push(rowFromBatch(batch, row, { protocolByCode }));
      }
      batch.heap.fill(0x55);
      this.pipeline.recycle(batch.buffer);
    },
  );
  now = 1_700_000_000_000;

  send(
    fromClient: boolean,
    port: number,
    serverPort: number,
    fields: build.TcpOptions,
    text = '',
  ): void {
    this.now += 1;
    const segment = build.tcp(build.text(text), {
      ...fields,
      sourcePort: fromClient ? port : serverPort,
      destinationPort: fromClient ? serverPort : port,
    });
    const [source, destination] = fromClient
      ? [build.client4, build.server4]
      : [build.server4, build.client4];
    const packet = build.ipv4(segment, { source, destination });
    this.pipeline.packet(packet, 0, packet.length, packet.length, LinkType.RawIp, this.now);
  }

  /** Handshake, one request, one answer in time, and FIN. */
  call(port: number, request: string, response: string, serverPort = 80): void {
    const asked = 1001 + request.length;
    const { Syn, Ack, Fin } = TcpFlag;
    this.send(true, port, serverPort, { sequence: 1000, acknowledgement: 0, flags: Syn });
    this.send(false, port, serverPort, { sequence: 2000, acknowledgement: 1001, flags: Syn | Ack });
    this.send(true, port, serverPort, { sequence: 1001, acknowledgement: 2001 }, request);
    if (response === '') return;
    const answered = 2001 + response.length;
    this.send(false, port, serverPort, { sequence: 2001, acknowledgement: asked }, response);
    this.send(true, port, serverPort, {
      sequence: asked,
      acknowledgement: answered,
      flags: Fin | Ack,
    });
    this.send(false, port, serverPort, {
      sequence: answered,
      acknowledgement: asked + 1,
      flags: Fin | Ack,
    });
  }

  end(): readonly EntryRow[] {
    this.pipeline.end();
    return this.rows;
  }
}

const request = 'GET /a HTTP/1.1\r\nHost: shop\r\n\r\n';
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

describe('packets become entries', () => {
  it('with addresses, sizes, times and the packets they came from', () => {
    const scene = new Scene();
    scene.call(40_000, request, response);
    expect(scene.end()).toMatchObject([
      {
        method: 'GET',
        target: '/a',
        host: 'shop',
        status: 200,
        outcome: 'ok',
        src: { ip: '10.0.0.1', port: 40_000 },
        dst: { ip: '10.0.0.2', port: 80 },
        requestSize: request.length,
        responseSize: response.length,
        elapsedTime: 1,
        packets: { request: 3, response: 4 },
        incomplete: [],
        demo: false,
      },
    ]);
  });

  it('a request that waits is announced once, and unanswered when the input ends', () => {
    const scene = new Scene();
    scene.call(40_000, request, '');
    scene.pipeline.flush(true);
    scene.pipeline.flush(true);
    expect(scene.rows.map(({ outcome }) => outcome)).toEqual(['pending']);
    const [pending, final] = scene.end();
    expect(final).toMatchObject({ outcome: 'no response', id: pending!.id });
  });

  it('calls to the demo are labelled', () => {
    const scene = new Scene();
    scene.call(40_000, request, response, 8801);
    expect(scene.end()[0]!.demo).toBe(true);
  });
});

describe('too much to do', () => {
  it('first costs bodies: the call is shown, its body is said to be left out', () => {
    const scene = new Scene();
    scene.pipeline.shed(ShedLevel.Bodies);
    scene.call(40_000, request, response);
    scene.pipeline.shed(ShedLevel.Nothing);
    scene.call(40_001, request, response);
    const [without, whole] = scene.end();
    expect(without).toMatchObject({ status: 200, responseSize: response.length });
    expect(without!.incomplete).toContain('memory ran short, the body was left out');
    expect(whole!.incomplete).toEqual([]);
    expect(scene.pipeline.counters().shedBodies).toBe(1);
  });

  it('then every second new connection: what is kept is complete, what is not is counted', () => {
    const scene = new Scene();
    scene.pipeline.shed(ShedLevel.Connections);
    for (let i = 0; i < 10; i++) scene.call(40_000 + i, request, response);
    const rows = scene.end();
    expect(rows).toHaveLength(5);
    expect(rows.every(({ outcome }) => outcome === 'ok')).toBe(true);
    expect(scene.pipeline.counters().shedConnections).toBe(5);
  });
});
