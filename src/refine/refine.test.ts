import { describe, expect, it } from 'vitest';
import * as build from '../../test/fuzz/build-packets.ts';
import { LinkType } from '../capture/contract.ts';
import { TcpFlag } from '../decode/contract.ts';
import type { EntryRow } from '../entry/entry.ts';
import { rowFromBatch } from '../entry/row.ts';
import { Pipeline } from '../pipeline.ts';
import { answer, ask, preface, settings } from '../protocols/http2/test-frames.ts';
import { protocolByCode } from '../protocols/index.ts';

/** What one client sends and gets, on a connection of its own. */
class Scene {
  readonly rows: EntryRow[] = [];
  readonly pipeline: Pipeline;
  #port = 40_000;
  #now = 1_700_000_000_000;

  constructor(ignoredUserAgents: readonly string[]) {
    const options = { thread: 0, node: 0, capture: 0, bodyLimitBytes: 1000, redact: true };
    this.pipeline = new Pipeline({ ...options, demoPorts: [], ignoredUserAgents }, (batch) => {
      expect(batch.rows).toBeGreaterThan(0);
      for (let row = 0; row < batch.rows; row++) {
        this.rows.push(rowFromBatch(batch, row, { protocolByCode }));
      }
    });
  }

  /** The texts of client and server in turn; every one in a packet of its own. */
  talk(...texts: readonly (Uint8Array | string)[]): void {
    const port = this.#port++;
    const sequences = [1001, 2001];
    const { Syn, Ack } = TcpFlag;
    this.#send(port, 0, build.text(''), { sequence: 1000, acknowledgement: 0, flags: Syn });
    this.#send(port, 1, build.text(''), {
      sequence: 2000,
      acknowledgement: 1001,
      flags: Syn | Ack,
    });
    texts.forEach((text, turn) => {
      const from = turn % 2;
      const bytes = typeof text === 'string' ? build.text(text) : text;
      this.#send(port, from, bytes, {
        sequence: sequences[from]!,
        acknowledgement: sequences[1 - from]!,
      });
      sequences[from]! += bytes.length;
    });
  }

  #send(port: number, from: number, bytes: Uint8Array, fields: build.TcpOptions): void {
    this.#now += 1;
    const ends = [port, 80];
    const addresses = [build.client4, build.server4];
    const packet = build.ipv4(
      build.tcp(bytes, {
        ...fields,
        sourcePort: ends[from]!,
        destinationPort: ends[1 - from]!,
      }),
      { source: addresses[from]!, destination: addresses[1 - from]! },
    );
    this.pipeline.packet(packet, 0, packet.length, packet.length, LinkType.RawIp, this.#now);
  }

  end(): readonly string[] {
    this.pipeline.end();
    return this.rows.map(({ target, outcome }) => `${target} ${outcome}`);
  }
}

const get = (path: string, agent: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: shop\r\nuSer-AGent: ${agent}\r\n${more}\r\n`;
const fine = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('calls of ignored user agents', () => {
  it('are left out and counted, in any case, and others on the same connection are not', () => {
    const scene = new Scene(['kube-PROBE', 'Prometheus/2']);
    scene.talk(get('/health', 'Kube-Probe/1.30'), fine, get('/cart', 'curl/8'), fine);
    scene.talk(get('/metrics', 'x Prometheus/2.1'), fine, get('/pay', 'Prometheus/3'), fine);
    expect(scene.end()).toEqual(['/cart ok', '/pay ok']);
    expect(scene.pipeline.counters()).toMatchObject({ ignored: 2, entries: 2 });
  });

  it('are told by that header alone, whatever else has the text', () => {
    const scene = new Scene(['probe']);
    const body = 'User-Agent: probe';
    const post = `POST /probe HTTP/1.1\r\nHost: probe\r\nX-User-Agent: probe\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    scene.talk(post, fine, get('/probe', 'curl', 'X-Probe: User-Agent: probe\r\n'), fine);
    expect(scene.end()).toEqual(['/probe ok', '/probe ok']);
  });

  it('are left out over HTTP/2 as well', () => {
    const scene = new Scene(['probe']);
    const asked = Buffer.concat([
      Buffer.from(preface),
      settings,
      ask(1, '/health', [['user-agent', 'Probe/1']]),
      ask(3, '/cart', [['user-agent', 'grpc-node']]),
    ]);
    scene.talk(asked, Buffer.concat([settings, answer(1, 200), answer(3, 200)]));
    expect(scene.end()).toEqual(['/cart ok']);
    expect(scene.pipeline.counters().ignored).toBe(1);
  });

  it('that wait for their answer are left out before and after it, and counted once', () => {
    const scene = new Scene(['probe']);
    scene.talk(get('/slow', 'probe'));
    scene.talk(get('/cart', 'curl'));
    scene.pipeline.flush(true);
    expect(scene.end()).toEqual(['/cart pending', '/cart no response']);
    expect(scene.pipeline.counters().ignored).toBe(1);
  });

  it('take their messages with them', () => {
    const scene = new Scene(['probe']);
    const events = (text: string) =>
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    scene.talk(get('/events', 'probe'), events('data: one\n\ndata: two\n\n'));
    scene.talk(get('/news', 'curl'), events('data: three\n\n'));
    const shown = scene.end();
    expect(shown.filter((line) => line.startsWith('/events'))).toEqual([]);
    expect(scene.rows.filter(({ parent }) => parent !== '')).toHaveLength(1);
    expect(scene.pipeline.counters().ignored).toBe(3);
  });

  it('of which the request was not seen stay: nobody knows whose they are', () => {
    const scene = new Scene(['probe']);
    scene.talk('', fine);
    expect(scene.end()).toHaveLength(1);
  });
});

it('nothing is refined when nothing is to be left out', () => {
  const scene = new Scene(['']);
  scene.talk(get('/cart', ''), fine);
  expect(scene.end()).toEqual(['/cart ok']);
});
