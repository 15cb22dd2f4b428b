/** All captures are read to their end, and nothing is seen in them that is not there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entriesOf } from './http1.ts';
import { captureFiles, capturesFolder } from './http1-all.ts';

/** Types of the truth's records that account for entries of a protocol. */
const accounts: Readonly<Record<string, readonly string[]>> = {
  'http 1': ['http1'],
  'http 2': ['http2_stream', 'http2_conn'],
  websocket: ['ws'],
  sse: ['http1', 'http2_stream'],
  amqp: ['amqp'],
  kafka: ['kafka'],
  redis: ['redis_cmd', 'redis_reply'],
};

/** tshark does not look at these by itself, as ports tell it nothing; each was looked at. */
const silent: Readonly<Record<string, string>> = {
  'http__grpc-server-stream.pcap': 'http 2',
  'http__grpc-service-name.pcap': 'http 2',
  'http__grpc-unary.pcap': 'http 2',
  'http__grpc-unknown.pcap': 'http 2',
  'http__http2-multi.pcap': 'http 2',
  'kafka__00-produce-v9.pcap': 'kafka',
  'kafka__01-fetch-v12-ok.pcap': 'kafka',
  'kafka__11-join-group-v7.pcap': 'kafka',
};

function typesOf(file: string): Set<string> {
  const path = join(capturesFolder, 'truth', `${file}.jsonl`);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return new Set(lines.filter((line) => line !== '').map((line) => JSON.parse(line).type));
}

// The captures are not part of the project: they are read from beside it when they are there.
it.skipIf(!existsSync(capturesFolder))(
  'every capture is read to its end, and no protocol is seen where there is none',
  { timeout: 300_000 },
  async () => {
    const falseAlarms = new Set<string>();
    let entries = 0;
    for (const file of captureFiles()) {
      const types = typesOf(file);
      for (const { protocol } of await entriesOf(join(capturesFolder, file))) {
        entries++;
        const { name, version } = protocol;
        const kind = name === 'http' ? `http ${version === '2.0' ? 2 : 1}` : name;
        if (accounts[kind]?.some((type) => types.has(type))) continue;
        if (Object.entries(silent).some(([end, told]) => file.endsWith(end) && told === kind)) {
          continue;
        }
        falseAlarms.add(`${file}: ${kind}`);
      }
    }
    expect([...falseAlarms]).toEqual([]);
    expect(entries).toBeGreaterThan(2000);
  },
);
