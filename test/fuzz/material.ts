/**
 * What streams for fuzzing are made of: conversations of fixtures and captures, and some made, cut into the messages
 * of their protocol where its messages carry their length. So the damage meets whole messages, streams
 * are short without ending in the middle of each, and a length can be set right behind a change.
 */
import type { End } from '../../src/reassemble/index.ts';
import { madeAmqp, madeKafka, madeRedis } from './made-brokers.ts';
import { madeCalls } from './made-talks.ts';
import { capturedTalks, fixtureTalks, type Said, type Talk } from './talks.ts';

/** Where a message says how long it is. */
export interface LengthField {
  readonly at: number;
  readonly bytes: number;
  /** The length of the whole message less what the field says. */
  readonly less: number;
  /** Bits of the field's first byte that are no part of the length. */
  readonly kept: number;
}

export interface Message {
  readonly from: End;
  readonly bytes: Uint8Array;
  readonly length: LengthField | undefined;
}

/** One conversation. */
export interface Script {
  readonly serverPort: number;
  readonly messages: readonly Message[];
}

/** Names of fixtures, and the captures that have more of the same. */
const material: Readonly<Record<string, RegExp | undefined>> = {
  http: /http[^2]*\.pcap|upload|connect|chunk|pipelin/,
  http2: /http2|h2c/,
  grpc: /grpc-/,
  'grpc-web': undefined,
  connect: undefined,
  websocket: /websocket/,
  sse: undefined,
  graphql: undefined,
  'json-rpc': /jsonrpc/,
  soap: /soap/i,
  amqp: /amqp/,
  kafka: /kafka/,
  redis: /redis|resp\.pcap/,
};
const made: Readonly<Record<string, () => Talk[]>> = {
  ...madeCalls,
  ...{ amqp: madeAmqp, kafka: madeKafka, redis: madeRedis },
};
export const fuzzed: readonly string[] = Object.keys(material);

/** The conversations of one of `fuzzed`: those that are small and varied, and those of captures if there are any. */
export async function scriptsOf(name: string): Promise<Script[][]> {
  if (!fuzzed.includes(name)) {
    throw new Error(`No protocol ${name}; there are ${fuzzed.join(', ')}.`);
  }
  const captures = material[name];
  const groups = [
    [...fixtureTalks(name), ...(made[name]?.() ?? [])],
    captures === undefined ? [] : await capturedTalks(captures),
  ];
  return groups
    .filter((talks) => talks.length > 0)
    .map((talks) => talks.map((talk) => scriptOf(name, talk)));
}

function scriptOf(name: string, talk: Talk): Script {
  return { serverPort: talk.serverPort, messages: messagesOf(talk, framingOf(name, talk)) };
}

/** Length of the message at the front of `bytes`, and where it says so; undefined: it is none, or not whole. */
type Framing = (bytes: Uint8Array) => { total: number; length?: LengthField } | undefined;

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const amqpHeader = Buffer.from('AMQP');

function framingOf(name: string, talk: Talk): Framing | undefined {
  if (talk.said.some(({ bytes }) => Buffer.from(bytes).includes(preface))) return http2Frame;
  return { amqp: amqpFrame, kafka: kafkaMessage, websocket: webSocketFrame }[name];
}

/** `u24 length · u8 type · u8 flags · u32 stream · length bytes`. */
function http2Frame(bytes: Uint8Array) {
  if (startsWith(bytes, preface)) return { total: preface.length };
  const total = 9 + number(bytes, 0, 3);
  if (total > bytes.length || bytes[3]! > 16) return undefined;
  return { total, length: { at: 0, bytes: 3, less: 9, kept: 0 } };
}

/** `u8 type · u16 channel · u32 length · length bytes · 0xce`. */
function amqpFrame(bytes: Uint8Array) {
  if (startsWith(bytes, amqpHeader) && bytes.length >= 8) return { total: 8 };
  const total = 8 + number(bytes, 3, 4);
  if (total > bytes.length || bytes[total - 1] !== 0xce) return undefined;
  return { total, length: { at: 3, bytes: 4, less: 8, kept: 0 } };
}

/** `i32 length · length bytes`. */
function kafkaMessage(bytes: Uint8Array) {
  const total = 4 + number(bytes, 0, 4);
  if (total > bytes.length) return undefined;
  return { total, length: { at: 0, bytes: 4, less: 4, kept: 0 } };
}

/** `u8 flags, opcode · u8 mask bit, length · u32 mask, if any · length bytes`, lengths below 126. */
function webSocketFrame(bytes: Uint8Array) {
  const second = bytes[1]!;
  const less = (second & 0x80) === 0 ? 2 : 6;
  const total = less + (second & 0x7f);
  if ((second & 0x7f) > 125 || total > bytes.length || (bytes[0]! & 0x0f) > 10) return undefined;
  return { total, length: { at: 1, bytes: 1, less, kept: 0x80 } };
}

/** What one end says without a word of the other is one run of bytes, however it came. */
function messagesOf(talk: Talk, framing: Framing | undefined): Message[] {
  if (framing === undefined) return talk.said.map((piece) => ({ ...piece, length: undefined }));
  return runsOf(talk.said).flatMap(({ from, bytes }) => {
    const messages: Message[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const found = framing(rest);
      const total = found?.total ?? rest.length;
      messages.push({ from, bytes: rest.subarray(0, total), length: found?.length });
      rest = rest.subarray(total);
    }
    return messages;
  });
}

function runsOf(said: readonly Said[]): Said[] {
  const runs: Said[] = [];
  for (const piece of said) {
    const last = runs.at(-1);
    if (last?.from !== piece.from) runs.push(piece);
    else {
      const bytes = new Uint8Array(Buffer.concat([last.bytes, piece.bytes]));
      runs[runs.length - 1] = { from: piece.from, bytes };
    }
  }
  return runs;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function number(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
