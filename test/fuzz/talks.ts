/**
 * Real conversations as material for tests: what both ends of a connection said, in the order of the
 * wire. From the fixtures of the project, and from captures beside it when they are there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, End, StreamSink } from '../../src/reassemble/index.ts';
import { readCapture } from './read-capture.ts';

/** One piece that one end said: 0 is the client. */
export interface Said {
  readonly from: End;
  readonly bytes: Uint8Array;
}

export interface Talk {
  /** Where it comes from. */
  readonly name: string;
  readonly serverPort: number;
  readonly said: readonly Said[];
}

const capturesFolder = join(import.meta.dirname, '../../../shared/pcaps');
const fixturesFolder = join(import.meta.dirname, '../fixtures/talks');
/** What is read of one conversation at most. */
const longestTalkBytes = 128 << 10;

/**
 * Conversations of the fixtures: `NAME.jsonl`, a line a conversation, `{ port, said }` with what was said
 * in base64, the client's behind `>`, the server's behind `<`.
 */
export function fixtureTalks(name: string): Talk[] {
  const lines = readFileSync(join(fixturesFolder, `${name}.jsonl`), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const { port, said } = JSON.parse(line) as { port: number; said: string[] };
      return {
        name: `fixture ${name}`,
        serverPort: port,
        said: said.map((piece) => ({
          from: piece[0] === '>' ? (0 as const) : (1 as const),
          bytes: new Uint8Array(Buffer.from(piece.slice(1), 'base64')),
        })),
      };
    });
}

/** Conversations of the captures beside the project whose file names match; none when they are not there. */
export async function capturedTalks(names: RegExp): Promise<Talk[]> {
  if (!existsSync(capturesFolder)) return [];
  const talks: Talk[] = [];
  for (const file of readdirSync(capturesFolder)) {
    if (!names.test(file) || !/\.(pcap|pcapng|cap)$/.test(file)) continue;
    talks.push(...(await readTalks(join(capturesFolder, file), file)));
  }
  return talks;
}

/** All conversations of a capture in which something was said. */
export async function readTalks(path: string, name: string): Promise<Talk[]> {
  const sink = new Collector(name);
  await readCapture(path, sink);
  return sink.talks.filter(({ said }) => said.length > 0);
}

interface Recording {
  readonly talk: Talk & { readonly said: Said[] };
  readonly client: End;
  bytes: number;
}

/** Remembers what each end said. */
class Collector implements StreamSink<Recording> {
  readonly talks: Talk[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  open(connection: Connection<Recording>): void {
    const { port0, port1 } = connection;
    const client =
      connection.client === -1 ? (port0 > port1 ? 0 : 1) : connection.client === 0 ? 0 : 1;
    const talk = { name: this.#name, serverPort: client === 0 ? port1 : port0, said: [] };
    this.talks.push(talk);
    connection.context = { talk, client, bytes: 0 };
  }

  data(
    connection: Connection<Recording>,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { context } = connection;
    if (context.bytes > longestTalkBytes) return;
    context.bytes += end - start;
    const said = { from: from === context.client ? (0 as const) : (1 as const) };
    context.talk.said.push({ ...said, bytes: bytes.slice(start, end) });
  }

  hole(): void {}
  finish(): void {}
  close(): void {}
}
