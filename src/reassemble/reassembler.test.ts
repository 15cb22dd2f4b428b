import { describe, expect, test } from 'vitest';
import { type Segment, TcpFlag } from '../decode/contract.ts';
import {
  Closed,
  type Connection,
  defaultReassembleLimits,
  type End,
  type ReassembleLimits,
  Reassembler,
  type StreamSink,
} from './index.ts';

const { Syn, Fin, Rst, Ack } = TcpFlag;
const clientIsn = 1000;
const serverIsn = 5000;

/** Writes down what the sink is told: `c:GET` bytes of end 0, `s:` of end 1. */
class Recorder implements StreamSink {
  readonly events: string[] = [];
  readonly connections: Connection[] = [];
  ignoreAll = false;

  open(connection: Connection): void {
    this.connections.push(connection);
    this.events.push('open');
    if (this.ignoreAll) connection.ignored = true;
  }

  data(_connection: Connection, from: End, bytes: Uint8Array, start: number, end: number): void {
    this.events.push(`${name(from)}:${new TextDecoder().decode(bytes.subarray(start, end))}`);
  }

  hole(_connection: Connection, from: End, length: number): void {
    this.events.push(`${name(from)} hole ${length}`);
  }

  finish(_connection: Connection, from: End): void {
    this.events.push(`${name(from)} fin`);
  }

  close(_connection: Connection, how: Closed): void {
    const names = Object.entries(Closed).find(([, value]) => value === how);
    this.events.push(`close ${names![0]}`);
  }
}

function name(from: End): string {
  return from === 0 ? 'c' : 's';
}

interface Options {
  /** Offset from the first byte (behind the SYN). */
  at?: number;
  /** Offset in the other end's bytes that is acknowledged; none without. */
  ack?: number;
  flags?: number;
  missing?: number;
  /** Packet time in ms. */
  time?: number;
  /** Initial sequence numbers other than usual. */
  isn?: number;
  otherIsn?: number;
  port?: number;
}

class Scene {
  readonly recorder = new Recorder();
  readonly reassembler: Reassembler;
  time = 0;
  #packets = 0;

  constructor(limits: Partial<ReassembleLimits> = {}) {
    this.reassembler = new Reassembler(this.recorder, { ...defaultReassembleLimits, ...limits });
  }

  /** A segment of the client (`c`) or the server (`s`). */
  send(from: 'c' | 's', payload: string, options: Options = {}): this {
    const isClient = from === 'c';
    const isn = options.isn ?? (isClient ? clientIsn : serverIsn);
    const otherIsn = options.otherIsn ?? (isClient ? serverIsn : clientIsn);
    const bytes = new TextEncoder().encode(payload);
    this.time = options.time ?? this.time;
    const flags = options.flags ?? 0;
    const port = options.port ?? 40_000;
    const sequence = isn + ((flags & Syn) !== 0 ? 0 : 1) + (options.at ?? 0);
    const segment: Segment = {
      bytes,
      payloadStart: 0,
      payloadEnd: bytes.length,
      missing: options.missing ?? 0,
      source0: 0,
      source1: 0,
      source2: 0xffff,
      source3: isClient ? 0xc0a80001 : 0xc0a80002,
      destination0: 0,
      destination1: 0,
      destination2: 0xffff,
      destination3: isClient ? 0xc0a80002 : 0xc0a80001,
      sourcePort: isClient ? port : 80,
      destinationPort: isClient ? 80 : port,
      scope: 0,
      sequence: sequence >>> 0,
      acknowledgement: options.ack === undefined ? 0 : (otherIsn + 1 + options.ack) >>> 0,
      flags: flags | (options.ack === undefined ? 0 : Ack),
      windowSize: 1000,
      urgentPointer: 0,
      timestampMs: this.time,
      packetNumber: ++this.#packets,
    };
    this.reassembler.segment(segment);
    bytes.fill(0x2a); // The packet's memory is used again.
    return this;
  }

  handshake(options: Options = {}): this {
    return this.send('c', '', { ...options, flags: Syn })
      .send('s', '', {
        ...options,
        ...(options.isn === undefined
          ? {}
          : { isn: options.otherIsn ?? serverIsn, otherIsn: options.isn }),
        flags: Syn,
        ack: 0,
      })
      .send('c', '', { ...options, ack: 0 });
  }

  end(): string[] {
    this.reassembler.end();
    return this.events;
  }

  get events(): string[] {
    return this.recorder.events;
  }
}

describe('a connection from SYN to FIN', () => {
  test('is handed on in order', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'GET', { ack: 0 })
      .send('s', '200', { ack: 3 })
      .send('c', '', { at: 3, ack: 3, flags: Fin })
      .send('s', '', { at: 3, ack: 4, flags: Fin })
      .send('c', '', { at: 4, ack: 4 });
    expect(scene.events).toEqual(['open', 'c:GET', 's:200', 'c fin', 's fin', 'close Finished']);
    expect(scene.recorder.connections[0]).toMatchObject({
      number: 1,
      client: 0,
      initialSequence0: clientIsn,
      initialSequence1: serverIsn,
      port0: 40_000,
      port1: 80,
    });
    expect(scene.reassembler.counters).toMatchObject({
      connections: 1,
      openConnections: 0,
      holes: 0,
    });
  });

  test('is open until the input ends', () => {
    const scene = new Scene().handshake().send('c', 'GET', { ack: 0 });
    expect(scene.end()).toEqual(['open', 'c:GET', 'close InputEnded']);
  });

  test('is reset by an RST', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'GET', { ack: 0 })
      .send('s', '', { flags: Rst, ack: 3 });
    expect(scene.events).toEqual(['open', 'c:GET', 'close Reset']);
  });

  test('is not reset by an RST outside the window', () => {
    const scene = new Scene().handshake().send('s', '', { at: 500_000_000, flags: Rst });
    scene.send('s', '', { at: -500_000_000, flags: Rst });
    expect(scene.events).toEqual(['open']);
  });

  test('is refused by an RST to its SYN', () => {
    const scene = new Scene()
      .send('c', '', { flags: Syn })
      .send('s', '', { isn: -1, flags: Rst, ack: 0 });
    expect(scene.events).toEqual(['open', 'close Reset']);
  });

  test('is not ended by a FIN whose place is taken', () => {
    const scene = new Scene().handshake().send('c', '', { at: -1, ack: 0, flags: Fin });
    scene.send('c', 'GET', { ack: 0 }).send('c', '', { at: 2, ack: 0, flags: Fin });
    expect(scene.end()).toEqual(['open', 'c:GET', 'close InputEnded']);
  });

  test('is ended by a FIN that a hole was thought to be', () => {
    const scene = new Scene().handshake().send('s', '', { ack: 1 });
    scene.reassembler.advance(100);
    scene.send('c', '', { ack: 0, flags: Fin });
    expect(scene.events).toEqual(['open', 'c hole 1', 'c fin']);
  });

  test('ignores data behind the FIN', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'GET', { ack: 0, flags: Fin })
      .send('c', 'more', { at: 4, ack: 0 });
    expect(scene.end()).toEqual(['open', 'c:GET', 'c fin', 'close InputEnded']);
  });

  test('keeps a half-closed end going', () => {
    const scene = new Scene().handshake().send('c', 'GET', { ack: 0, flags: Fin });
    scene
      .send('s', 'one', { ack: 4 })
      .send('c', '', { at: 4, ack: 3 })
      .send('s', 'two', { at: 3, ack: 4 });
    expect(scene.events).toEqual(['open', 'c:GET', 'c fin', 's:one', 's:two']);
  });

  test('with data in the SYN (fast open), sent again later', () => {
    const scene = new Scene()
      .send('c', 'GET', { flags: Syn })
      .send('s', '', { flags: Syn, ack: 0 })
      .send('c', 'GET /', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:GET', 'c: /']);
  });

  test('with sequence numbers that wrap around', () => {
    const isn = 0xfffffffc;
    const scene = new Scene().handshake({ isn }).send('c', 'abcdef', { isn, ack: 0 });
    scene.send('c', 'ij', { isn, at: 8, ack: 0 }).send('c', 'gh', { isn, at: 6, ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abcdef', 'c:gh', 'c:ij']);
  });
});

describe('disorder', () => {
  test('is put in order', () => {
    const scene = new Scene().handshake();
    scene
      .send('c', 'ef', { at: 4, ack: 0 })
      .send('c', 'cd', { at: 2, ack: 0 })
      .send('c', 'ab', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:ab', 'c:cd', 'c:ef']);
    expect(scene.reassembler.counters).toMatchObject({ outOfOrderSegments: 2, bufferedBytes: 0 });
  });

  test('of retransmissions leaves the first data as it was', () => {
    const scene = new Scene().handshake();
    scene.send('c', 'abc', { ack: 0 }).send('c', 'XXX', { ack: 0 }).send('c', 'XXXdef', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abc', 'c:def']);
    expect(scene.reassembler.counters.retransmittedBytes).toBe(6);
  });

  test('of overlaps that wait leaves the first data as it was', () => {
    const scene = new Scene().handshake();
    scene.send('c', 'ef', { at: 4, ack: 0 }).send('c', 'ij', { at: 8, ack: 0 });
    scene.send('c', 'XdXXghXXk', { at: 2, ack: 0 }).send('c', 'ab', { ack: 0 });
    expect(scene.events.slice(1).join('')).toBe('c:abc:Xdc:efc:ghc:ijc:k');
  });

  test('of a FIN that comes before the last data', () => {
    const scene = new Scene().handshake().send('c', 'cd', { at: 2, ack: 0, flags: Fin });
    expect(scene.events).toEqual(['open']);
    scene.send('c', 'ab', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:ab', 'c:cd', 'c fin']);
  });

  test('of an answer that was captured before its request', () => {
    const scene = new Scene().handshake().send('s', '200', { ack: 3 });
    expect(scene.events).toEqual(['open']);
    scene.send('c', 'GET', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:GET', 's:200']);
  });

  test('of an answer whose request comes in pieces, turned round', () => {
    const scene = new Scene().handshake().send('s', '200', { ack: 6 });
    scene.send('c', 'def', { at: 3, ack: 0 }).send('c', 'abc', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abc', 'c:def', 's:200']);
  });

  test('of ends that acknowledge each other, by a retransmission of what was lost', () => {
    // The tap missed `one`; the client has acknowledged it; the server sends it again later.
    const scene = new Scene().handshake().send('c', 'GET', { ack: 3 }).send('s', 'one', { ack: 3 });
    expect(scene.events).toEqual(['open', 's:one', 'c:GET']);
  });

  test('of the SYN, which is captured behind the first data', () => {
    const scene = new Scene().send('c', 'GET', { ack: 0 }).send('c', '', { flags: Syn });
    scene.send('s', '', { flags: Syn, ack: 0 }).send('s', '200', { ack: 3 });
    expect(scene.end()).toEqual(['open', 'c:GET', 's:200', 'close InputEnded']);
    expect(scene.recorder.connections[0]).toMatchObject({ client: 0, initialSequence0: clientIsn });
  });
});

describe('probes', () => {
  test('keep-alives with and without a byte are no data', () => {
    const scene = new Scene().handshake().send('c', 'GET', { ack: 0 });
    scene
      .send('c', '', { at: 2, ack: 0 })
      .send('c', 'T', { at: 2, ack: 0 })
      .send('s', '', { ack: 3 });
    expect(scene.end()).toEqual(['open', 'c:GET', 'close InputEnded']);
    expect(scene.reassembler.counters.retransmittedBytes).toBe(0);
  });

  test('a byte sent into a closed window is data once', () => {
    const scene = new Scene().handshake();
    scene.send('c', 'a', { ack: 0 }).send('c', 'a', { ack: 0 }).send('c', 'abc', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:a', 'c:bc']);
  });

  test('urgent data stays in line', () => {
    const scene = new Scene().handshake().send('c', 'aXb', { ack: 0, flags: TcpFlag.Urg });
    expect(scene.events).toEqual(['open', 'c:aXb']);
  });

  test('a SYN sent again changes nothing', () => {
    const scene = new Scene().send('c', '', { flags: Syn }).send('c', '', { flags: Syn });
    scene.handshake().send('c', 'GET', { ack: 0 });
    expect(scene.events).toEqual(['open', 'c:GET']);
  });
});

describe('a hole', () => {
  test('is declared some time after the bytes were acknowledged', () => {
    const scene = new Scene().handshake().send('c', 'def', { at: 3, ack: 0 });
    scene.send('s', '', { ack: 6 }).send('s', '', { ack: 6, time: 40 });
    expect(scene.events).toEqual(['open']);
    scene.send('s', '', { ack: 6, time: 60 });
    expect(scene.events).toEqual(['open', 'c hole 3', 'c:def']);
    expect(scene.reassembler.counters).toMatchObject({ holes: 1, holeBytes: 3 });
  });

  test('comes before the answer that acknowledges its bytes', () => {
    const scene = new Scene().handshake().send('s', '200', { ack: 3 });
    scene.reassembler.advance(100);
    expect(scene.events).toEqual(['open', 'c hole 3', 's:200']);
  });

  test('is declared in time when nothing more comes, whatever the time of the packets', () => {
    const scene = new Scene().handshake().send('s', '200', { ack: 3, time: 5 });
    scene.reassembler.elapse(10);
    expect(scene.events).toEqual(['open']);
    scene.reassembler.elapse(100);
    expect(scene.events).toEqual(['open', 'c hole 3', 's:200']);
  });

  test('where an answer was lost lies between the requests', () => {
    const scene = new Scene().handshake().send('c', 'GET 1', { ack: 0 });
    scene.send('c', 'GET 2', { at: 5, ack: 8 }).send('s', 'answer 2', { at: 8, ack: 10 });
    scene.reassembler.advance(100);
    expect(scene.events).toEqual(['open', 'c:GET 1', 's hole 8', 'c:GET 2', 's:answer 2']);
  });

  test('of several lost answers that are given up together still lies between the requests', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'one', { ack: 0 })
      .send('c', '', { at: 3, ack: 50 })
      .send('c', 'two', { at: 3, ack: 100, time: 10 })
      .send('c', 'six', { at: 6, ack: 250, time: 20 });
    for (let time = 60; time < 400; time += 60) scene.reassembler.advance(time);
    expect(scene.events).toEqual([
      'open',
      'c:one',
      's hole 50',
      's hole 50',
      'c:two',
      's hole 150',
      'c:six',
    ]);
  });

  test('that nobody acknowledged is waited for as long as the sender tries', () => {
    const scene = new Scene({ gapWaitMs: 2000 }).handshake().send('c', 'def', { at: 3, ack: 0 });
    scene.reassembler.advance(1900);
    expect(scene.events).toEqual(['open']);
    scene.reassembler.advance(2100);
    expect(scene.events).toEqual(['open', 'c hole 3', 'c:def']);
  });

  test('filled in time is none', () => {
    const scene = new Scene().handshake().send('c', 'def', { at: 3, ack: 0 });
    scene.send('c', 'abc', { ack: 0, time: 1500 });
    scene.reassembler.advance(60_000);
    expect(scene.events).toEqual(['open', 'c:abc', 'c:def']);
  });

  test('is declared early when the other end was never seen', () => {
    const scene = new Scene().send('c', 'abc', { ack: 0 }).send('c', 'ghi', { at: 6, ack: 0 });
    scene.reassembler.advance(1100);
    expect(scene.events).toEqual(['open', 'c:abc', 'c hole 3', 'c:ghi']);
  });

  test('stands where snaplen cut a packet', () => {
    const scene = new Scene().handshake().send('c', 'abc', { ack: 0, missing: 5 });
    scene.send('c', 'ijk', { at: 8, ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abc', 'c hole 5', 'c:ijk']);
  });

  test('ends the stream when only acknowledgements tell of its bytes', () => {
    const scene = new Scene().handshake().send('s', '', { ack: 10 });
    expect(scene.end()).toEqual(['open', 'c hole 10', 'close InputEnded']);
  });

  test('takes the place of all gaps that were acknowledged at the same time', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'b', { at: 1, ack: 0 })
      .send('c', 'd', { at: 3, ack: 0 });
    scene.send('s', '', { ack: 4 });
    scene.reassembler.advance(60);
    expect(scene.events).toEqual(['open', 'c hole 1', 'c:b', 'c hole 1', 'c:d']);
  });

  test('comes with a closing RST', () => {
    const scene = new Scene().handshake().send('c', 'def', { at: 3, ack: 0 });
    scene.send('c', '', { at: 6, flags: Rst });
    expect(scene.events).toEqual(['open', 'c hole 3', 'c:def', 'close Reset']);
  });

  test('of more than a window is believed when a second segment goes on there', () => {
    const far = 200_000_000;
    const scene = new Scene().handshake().send('c', 'abc', { ack: 0 });
    scene.send('c', 'stray', { at: -far, ack: 0 }).send('c', 'def', { at: 3, ack: 0 });
    scene.send('c', 'one', { at: far, ack: 0 }).send('c', 'two', { at: far + 3, ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abc', 'c:def', `c hole ${far - 3}`, 'c:two']);
  });

  test('of unknown length when the numbers went back', () => {
    const far = -200_000_000;
    const scene = new Scene().handshake().send('c', 'abc', { ack: 0 });
    scene.send('c', 'one', { at: far, ack: 0 }).send('c', 'two', { at: far + 3, ack: 0 });
    expect(scene.events).toEqual(['open', 'c:abc', 'c hole -1', 'c:two']);
  });
});

describe('a start in the middle', () => {
  test('begins with the first data seen', () => {
    const scene = new Scene()
      .send('s', '200', { at: 700, ack: 300 })
      .send('c', 'GET', { at: 300, ack: 703 });
    expect(scene.end()).toEqual(['open', 'c:200', 's:GET', 'close InputEnded']);
    expect(scene.recorder.connections[0]).toMatchObject({
      client: -1,
      initialSequence0: -1,
      initialSequence1: -1,
    });
  });

  test('does not take what lay before it', () => {
    const scene = new Scene().send('c', 'def', { at: 3, ack: 0 }).send('c', 'abc', { ack: 0 });
    expect(scene.end()).toEqual(['open', 'c:def', 'close InputEnded']);
  });

  test('with a SYN-ACK knows the client and its first byte', () => {
    const scene = new Scene()
      .send('s', '', { flags: Syn, ack: 0 })
      .send('c', 'def', { at: 3, ack: 0 });
    scene.reassembler.advance(20_000);
    expect(scene.events).toEqual(['open', 's hole 3', 's:def']);
    expect(scene.recorder.connections[0]!.client).toBe(1);
  });

  test('is not made by bare acknowledgements and resets', () => {
    const scene = new Scene()
      .send('c', '', { ack: 0 })
      .send('c', '', { flags: Rst })
      .send('s', '', { flags: Fin, ack: 0 });
    expect(scene.end()).toEqual([]);
  });

  test('is not shifted by a keep-alive probe', () => {
    const scene = new Scene().send('s', 'abc', { ack: 10 }).send('c', '', { at: 9, ack: 3 });
    scene.send('c', 'GET', { at: 10, ack: 3 });
    expect(scene.end()).toEqual(['open', 'c:abc', 's:GET', 'close InputEnded']);
  });
});

describe('ports used again', () => {
  const again = { isn: 700_000, otherIsn: 900_000 };

  test('after a close make a new connection', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'one', { ack: 0 })
      .send('s', '', { flags: Rst, ack: 3 });
    scene.handshake(again).send('c', 'two', { ...again, ack: 0 });
    expect(scene.end()).toEqual([
      'open',
      'c:one',
      'close Reset',
      'open',
      'c:two',
      'close InputEnded',
    ]);
  });

  test('without a close end the old connection when the other end answers', () => {
    const scene = new Scene().handshake().send('c', 'one', { ack: 0 });
    scene.send('c', '', { ...again, flags: Syn });
    expect(scene.events).toEqual(['open', 'c:one']);
    scene.send('s', '', { isn: again.otherIsn, otherIsn: again.isn, flags: Syn, ack: 0 });
    scene.send('c', 'two', { ...again, ack: 0 });
    expect(scene.end()).toEqual([
      'open',
      'c:one',
      'close Reused',
      'open',
      'c:two',
      'close InputEnded',
    ]);
    expect(scene.recorder.connections[1]).toMatchObject({
      client: 0,
      initialSequence0: again.isn,
      initialSequence1: again.otherIsn,
    });
  });

  test('without a close or an answer in the capture', () => {
    const scene = new Scene().handshake().send('c', 'one', { ack: 0 });
    scene.send('c', '', { ...again, flags: Syn }).send('c', 'two', { ...again, ack: 0 });
    expect(scene.end()).toEqual([
      'open',
      'c:one',
      'close Reused',
      'open',
      'c:two',
      'close InputEnded',
    ]);
  });

  test('only by a forged SYN do not end the connection', () => {
    const scene = new Scene().handshake().send('c', 'one', { ack: 0 });
    scene
      .send('c', '', { ...again, flags: Syn })
      .send('s', '', { ack: 3 })
      .send('c', 'two', { at: 3, ack: 0 });
    expect(scene.end()).toEqual(['open', 'c:one', 'c:two', 'close InputEnded']);
  });

  test('before any data: of several SYNs the one counts that is gone on from', () => {
    const scene = new Scene()
      .send('c', '', { isn: 1, flags: Syn })
      .send('c', '', { isn: 77, flags: Syn });
    scene.send('c', 'GET', { isn: 77 });
    expect(scene.end()).toEqual(['open', 'c:GET', 'close InputEnded']);
    expect(scene.recorder.connections[0]!.initialSequence0).toBe(77);
  });

  test('late packets of a closed connection open nothing', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'GET', { ack: 0, flags: Fin })
      .send('s', '', { ack: 4, flags: Fin });
    scene
      .send('c', 'GET', { ack: 0, flags: Fin })
      .send('c', '', { at: 4, ack: 1 })
      .send('s', '', { ack: 4, flags: Fin });
    expect(scene.end()).toEqual(['open', 'c:GET', 'c fin', 's fin', 'close Finished']);
  });

  test('data that goes on after an RST of the same end is not lost', () => {
    const scene = new Scene()
      .handshake()
      .send('c', 'one', { ack: 0 })
      .send('c', '', { at: 3, flags: Rst });
    scene.send('c', 'two', { at: 3, ack: 0 });
    expect(scene.end()).toEqual([
      'open',
      'c:one',
      'close Reset',
      'open',
      'c:two',
      'close InputEnded',
    ]);
  });
});

describe('limits', () => {
  test('of one stream: its hole is declared before more is held', () => {
    const scene = new Scene({ streamBufferBytes: 1000 }).handshake();
    for (let at = 1; at < 2000; at += 10) {
      scene.send('c', '0123456789', { at, ack: 0 });
      expect(scene.reassembler.counters.bufferedBytes).toBeLessThanOrEqual(1000);
    }
    const text = scene
      .end()
      .filter((event) => event.startsWith('c:'))
      .join('')
      .replaceAll('c:', '');
    expect(text).toBe('0123456789'.repeat(200));
    expect(scene.reassembler.counters).toMatchObject({ holes: 1, holeBytes: 1 });
  });

  test('of a stream that waits for the other end', () => {
    const scene = new Scene({ streamBufferBytes: 600 }).handshake();
    scene
      .send('s', 'one', { ack: 3 })
      .send('s', 'two', { at: 3, ack: 3 })
      .send('s', 'three', { at: 6, ack: 3 });
    expect(scene.events).toEqual(['open', 'c hole 3', 's:one', 's:two', 's:three']);
  });

  test('of all streams together: the fullest gets its hole', () => {
    const scene = new Scene({ totalBufferBytes: 2000 });
    for (const port of [1, 2]) scene.handshake({ port });
    scene.send('c', 'x'.repeat(700), { at: 5, ack: 0, port: 1 });
    scene.send('c', 'y'.repeat(100), { at: 5, ack: 0, port: 2 });
    expect(scene.events).toEqual(['open', 'open']);
    scene.send('c', 'z'.repeat(700), { at: 200, ack: 0, port: 2 });
    expect(scene.reassembler.counters.bufferedBytes).toBeLessThanOrEqual(2000);
    expect(scene.events.filter((event) => event.includes('hole')).length).toBeGreaterThan(0);
  });

  test('of connections: the one unused for longest is shed', () => {
    const scene = new Scene({ maxConnections: 2 });
    scene.send('c', 'one', { port: 1 }).send('c', 'two', { port: 2, time: 5000 });
    scene.send('c', '+', { port: 1, at: 3, time: 9000 }).send('c', 'three', { port: 3 });
    expect(scene.events).toEqual([
      'open',
      'c:one',
      'open',
      'c:two',
      'c:+',
      'close Shed',
      'open',
      'c:three',
    ]);
    expect(scene.reassembler.counters).toMatchObject({ shedConnections: 1, openConnections: 2 });
  });

  test('of connections: closed ones go first', () => {
    const scene = new Scene({ maxConnections: 2 });
    scene.handshake({ port: 1 }).handshake({ port: 2 }).send('c', '', { port: 2, flags: Rst });
    scene.handshake({ port: 3 });
    expect(scene.events).toEqual(['open', 'open', 'close Reset', 'open']);
  });

  test('of idleness: closed, oldest first', () => {
    const scene = new Scene({ idleTimeoutMs: 10_000 });
    scene.send('c', 'a', { port: 1 }).send('c', 'b', { port: 2, time: 5000 });
    scene.reassembler.advance(12_000);
    expect(scene.events).toEqual(['open', 'c:a', 'open', 'c:b', 'close Idle']);
    scene.reassembler.advance(18_000);
    expect(scene.events.at(-1)).toBe('close Idle');
    expect(scene.reassembler.counters.openConnections).toBe(0);
  });
});

describe('an ignored connection', () => {
  test('gets no more data, holds nothing, and is closed', () => {
    const scene = new Scene();
    scene.recorder.ignoreAll = true;
    scene
      .handshake()
      .send('c', 'abc', { ack: 0 })
      .send('c', 'ghi', { at: 6, ack: 0 })
      .send('s', '200', { ack: 9 });
    expect(scene.reassembler.counters.bufferedBytes).toBe(0);
    scene
      .send('c', '', { at: 9, ack: 3, flags: Fin })
      .send('s', '', { at: 3, ack: 10, flags: Fin });
    expect(scene.events).toEqual(['open', 'close Finished']);
  });

  test('lets go of what it held', () => {
    const scene = new Scene().handshake().send('c', 'def', { at: 3, ack: 0 });
    scene.recorder.connections[0]!.ignored = true;
    scene.send('s', 'x', { ack: 0 });
    expect(scene.reassembler.counters.bufferedBytes).toBe(0);
  });
});

describe('time', () => {
  test('is not moved by one damaged time stamp', () => {
    const scene = new Scene().handshake().send('c', 'one', { ack: 0, time: 1e12 });
    scene.send('c', 'two', { at: 3, ack: 0, time: 10 });
    expect(scene.events).toEqual(['open', 'c:one', 'c:two']);
  });

  test('may really jump, as between two captures in one file', () => {
    const scene = new Scene().handshake().send('c', 'def', { at: 3, ack: 0 });
    scene
      .send('c', 'x', { port: 2, time: 1e12 })
      .send('c', 'y', { port: 2, at: 1, time: 1e12 + 1 });
    expect(scene.events).toContain('close Idle');
  });

  test('may be set back: what waits then waits anew', () => {
    const scene = new Scene({ gapWaitMs: 2000 });
    scene.handshake({ time: 1e9 }).send('c', 'def', { at: 3, ack: 0 });
    scene.send('c', 'x', { port: 2, time: 1000 }).send('c', 'y', { port: 2, at: 1, time: 1001 });
    scene.reassembler.advance(2900);
    expect(scene.events).not.toContain('c hole 3');
    scene.reassembler.advance(3100);
    expect(scene.events).toContain('c hole 3');
  });

  test('with a packet an hour goes on', () => {
    const scene = new Scene();
    for (let hour = 0; hour < 5; hour++) scene.send('c', 'x', { at: hour, time: hour * 3_600_000 });
    scene.reassembler.advance(24 * 3_600_000);
    scene.reassembler.advance(25 * 3_600_000);
    expect(scene.events.at(-1)).toBe('close Idle');
  });
});
