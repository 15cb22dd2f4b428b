import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Segment, TcpFlag } from '../decode/contract.ts';
import {
  type Connection,
  defaultReassembleLimits,
  type End,
  type ReassembleLimits,
  Reassembler,
  type StreamSink,
} from './index.ts';

/** One segment of a made-up conversation; offsets count from the first byte behind the SYN. */
interface Piece {
  from: End;
  at: number;
  length: number;
  /** How many bytes of the other end it acknowledges. */
  ack: number;
  syn: boolean;
  fin: boolean;
}

/** The byte at an offset of an end: differs at every place that a mistake could confuse. */
function byteAt(from: End, at: number): number {
  return (at * 7 + (at >> 8) * 13 + from * 101) & 255;
}

/** What a sink was told of one end. */
interface Heard {
  /** Offsets in the true stream of every byte, in order; checked against `byteAt`. */
  bytes: number;
  at: number;
  holeBytes: number;
  holes: [number, number][];
  wrong: number;
  finished: boolean;
}

class Listener implements StreamSink {
  readonly ends: [Heard, Heard] = [newHeard(), newHeard()];
  closed = false;
  /** By packet number: what that packet acknowledged of the other end. */
  readonly acknowledged = new Map<number, number>();
  orderBroken = 0;

  open(): void {}

  data(
    _connection: Connection,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
    _timestampMs: number,
    packetNumber: number,
  ): void {
    const heard = this.ends[from];
    for (let index = start; index < end; index++) {
      if (bytes[index] !== byteAt(from, heard.at + index - start)) heard.wrong++;
    }
    heard.bytes += end - start;
    heard.at += end - start;
    if (this.ends[from === 0 ? 1 : 0].at < (this.acknowledged.get(packetNumber) ?? 0))
      this.orderBroken++;
  }

  hole(_connection: Connection, from: End, length: number): void {
    const heard = this.ends[from];
    heard.holes.push([heard.at, length]);
    heard.at += length;
    heard.holeBytes += length;
  }

  finish(_connection: Connection, from: End): void {
    this.ends[from].finished = true;
  }

  close(): void {
    this.closed = true;
  }
}

function newHeard(): Heard {
  return { bytes: 0, at: 0, holeBytes: 0, holes: [], wrong: 0, finished: false };
}

/** A conversation in which each segment acknowledges all that came before it. */
const conversation = fc
  .array(
    fc.record({ from: fc.constantFrom<End>(0, 1), length: fc.integer({ min: 1, max: 300 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((turns) => {
    const sent: [number, number] = [0, 0];
    const pieces: Piece[] = [
      { from: 0, at: 0, length: 0, ack: -1, syn: true, fin: false },
      { from: 1, at: 0, length: 0, ack: 0, syn: true, fin: false },
    ];
    for (const { from, length } of turns) {
      const ack = sent[from === 0 ? 1 : 0];
      pieces.push({ from, at: sent[from], length, ack, syn: false, fin: false });
      sent[from] += length;
    }
    pieces.push({ from: 0, at: sent[0], length: 0, ack: sent[1], syn: false, fin: true });
    pieces.push({ from: 1, at: sent[1], length: 0, ack: sent[0], syn: false, fin: true });
    return { pieces, sent };
  });

const isns = fc.tuple(
  fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_f000, max: 0xffff_ffff })),
  fc.nat(0xffff_ffff),
);

function segmentOf(
  piece: Piece,
  isns: readonly [number, number],
  timestampMs: number,
  packetNumber: number,
): Segment {
  const bytes = Uint8Array.from({ length: piece.length }, (_, index) =>
    byteAt(piece.from, piece.at + index),
  );
  const other = piece.from === 0 ? 1 : 0;
  const flags =
    (piece.syn ? TcpFlag.Syn : 0) |
    (piece.fin ? TcpFlag.Fin : 0) |
    (piece.ack >= 0 ? TcpFlag.Ack : 0);
  return {
    bytes,
    payloadStart: 0,
    payloadEnd: bytes.length,
    missing: 0,
    source0: 0x20010db8,
    source1: 0,
    source2: 0,
    source3: piece.from === 0 ? 0xffff_ff01 : 2,
    destination0: 0x20010db8,
    destination1: 0,
    destination2: 0,
    destination3: piece.from === 0 ? 2 : 0xffff_ff01,
    sourcePort: piece.from === 0 ? 40_000 : 80,
    destinationPort: piece.from === 0 ? 80 : 40_000,
    scope: 3,
    sequence: (isns[piece.from] + (piece.syn ? 0 : 1 + piece.at)) >>> 0,
    acknowledgement: piece.ack < 0 ? 0 : (isns[other] + 1 + piece.ack) >>> 0,
    flags,
    windowSize: 1000,
    urgentPointer: 0,
    timestampMs,
    packetNumber,
  };
}

interface Played {
  listener: Listener;
  reassembler: Reassembler;
  mostHeld: number;
}

function play(
  pieces: readonly Piece[],
  numbers: readonly [number, number],
  stepMs: number,
  limits: Partial<ReassembleLimits> = {},
): Played {
  const listener = new Listener();
  const reassembler = new Reassembler(listener, { ...defaultReassembleLimits, ...limits });
  let mostHeld = 0;
  let packet = 0;
  for (const piece of pieces) {
    packet++;
    listener.acknowledged.set(packet, piece.ack);
    const segment = segmentOf(piece, numbers, packet * stepMs, packet);
    reassembler.segment(segment);
    segment.bytes.fill(0x2a);
    mostHeld = Math.max(mostHeld, reassembler.counters.bufferedBytes);
  }
  reassembler.end();
  return { listener, reassembler, mostHeld };
}

/** Moves each piece by a few places; the handshake stays in front. */
function disorder(pieces: readonly Piece[], shifts: readonly number[]): Piece[] {
  return pieces
    .map((piece, index) => ({
      piece,
      key: piece.syn ? -1 : index + (shifts[index % shifts.length] ?? 0),
    }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ piece }) => piece);
}

/**
 * Cuts pieces and repeats some; with `overlaps` lets some begin earlier or end later than the original.
 * Overlaps carry acknowledgements that were not theirs, so that only their bytes can be judged.
 */
function retell(
  pieces: readonly Piece[],
  sent: readonly [number, number],
  choices: readonly number[],
  overlaps: boolean,
): Piece[] {
  return pieces.flatMap((piece, index) => {
    const choice = choices[index % choices.length] ?? 0;
    if (piece.syn || piece.fin || piece.length < 2)
      return choice % 3 === 0 ? [piece, piece] : [piece];
    const middle = 1 + (choice % (piece.length - 1));
    const front = { ...piece, length: middle };
    const rear = { ...piece, at: piece.at + middle, length: piece.length - middle };
    switch (choice % (overlaps ? 6 : 4)) {
      case 0:
        return [piece, piece];
      case 1:
        return [front, rear];
      case 2:
        return [rear, front];
      case 3:
        return [front, piece];
      case 4: {
        const back = Math.min(piece.at, choice % 50);
        return [{ ...piece, at: piece.at - back, length: piece.length + back }];
      }
      default: {
        const more = Math.min(sent[piece.from] - piece.at - piece.length, choice % 50);
        return [piece, { ...piece, length: piece.length + Math.max(0, more) }];
      }
    }
  });
}

const shifts = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 });
const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 });

describe('any conversation', () => {
  test('cut, repeated and out of order gives the same bytes in causal order', () => {
    fc.assert(
      fc.property(conversation, isns, shifts, choices, ({ pieces, sent }, numbers, moves, cuts) => {
        const told = disorder(retell(pieces, sent, cuts, false), moves);
        const { listener, reassembler } = play(told, numbers, 1);
        for (const end of [0, 1] as const) {
          expect(listener.ends[end]).toMatchObject({
            bytes: sent[end],
            at: sent[end],
            wrong: 0,
            holes: [],
            finished: true,
          });
        }
        expect(listener.orderBroken).toBe(0);
        expect(listener.closed).toBe(true);
        expect(reassembler.counters.bufferedBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('with overlaps gives the same bytes', () => {
    fc.assert(
      fc.property(conversation, isns, shifts, choices, ({ pieces, sent }, numbers, moves, cuts) => {
        const told = disorder(retell(pieces, sent, cuts, true), moves);
        const { listener } = play(told, numbers, 1);
        for (const end of [0, 1] as const) {
          expect(listener.ends[end]).toMatchObject({ bytes: sent[end], wrong: 0, holes: [] });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with losses has holes of the right length, and every other byte', () => {
    fc.assert(
      fc.property(
        conversation,
        isns,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 100 }),
        ({ pieces, sent }, numbers, losses, stepMs) => {
          const kept = pieces.filter(
            (piece, index) => piece.syn || piece.fin || !losses[index % losses.length],
          );
          const { listener } = play(kept, numbers, stepMs);
          const received: [number, number] = [0, 0];
          for (const piece of kept) received[piece.from] += piece.length;
          for (const end of [0, 1] as const) {
            const heard = listener.ends[end];
            expect(heard).toMatchObject({
              bytes: received[end],
              at: sent[end],
              wrong: 0,
              finished: true,
            });
            expect(heard.holeBytes).toBe(sent[end] - received[end]);
          }
          expect(listener.orderBroken).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('with losses and disorder shows no wrong byte, and no effect before its cause', () => {
    fc.assert(
      fc.property(
        conversation,
        isns,
        shifts,
        choices,
        fc.integer({ min: 1, max: 60 }),
        ({ pieces, sent }, numbers, moves, cuts, stepMs) => {
          const told = disorder(retell(pieces, sent, cuts, false), moves);
          const kept = told.filter(
            (piece, index) => piece.syn || (cuts[index % cuts.length] ?? 0) % 7 !== 0,
          );
          const { listener } = play(kept, numbers, stepMs);
          for (const end of [0, 1] as const) {
            expect(listener.ends[end].wrong).toBe(0);
            expect(listener.ends[end].at).toBeLessThanOrEqual(sent[end] + 1);
          }
          expect(listener.orderBroken).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('never holds more than the limits allow', () => {
    fc.assert(
      fc.property(
        conversation,
        isns,
        shifts,
        choices,
        fc.integer({ min: 1, max: 3000 }),
        ({ pieces, sent }, numbers, moves, cuts, streamBufferBytes) => {
          const told = disorder(retell(pieces, sent, cuts, true), moves);
          const totalBufferBytes = Math.ceil(streamBufferBytes * 1.5);
          const { listener, mostHeld } = play(told, numbers, 1, {
            streamBufferBytes,
            totalBufferBytes,
          });
          expect(mostHeld).toBeLessThanOrEqual(totalBufferBytes);
          for (const end of [0, 1] as const) expect(listener.ends[end].wrong).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
