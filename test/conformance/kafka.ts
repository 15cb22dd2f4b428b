/** Kafka: API, version, correlation id, client and topics of requests; error codes of answers. */
import type { Value, ValueMap } from '../../src/dissect/contract.ts';
import type { Comparable, Line, TruthRecord } from './messages.ts';
import { linesOf } from './messages.ts';

interface KafkaRecord extends TruthRecord {
  readonly api: string;
  readonly version: number;
  readonly correlation_id: number;
  readonly client_id: string;
  readonly len: number;
  readonly topics: readonly string[];
  readonly response?: {
    readonly len: number;
    readonly errors: readonly string[];
    readonly topics: readonly string[];
  };
}

export const kafka: Comparable = {
  title: 'Kafka',
  types: ['kafka'],
  theirs(records, ends) {
    return (records as KafkaRecord[]).flatMap((record): Line[] => {
      const { stream, api, version, correlation_id: id, client_id: client } = record;
      const { len, topics, response } = record;
      const request = ['>', api, version, id, client, len, ...topics].join(' ');
      const lines: Line[] = [
        { ...ends.of(stream, 'c2s'), name: `${stream}/${id}/request`, text: request },
      ];
      if (response !== undefined) {
        const failed = response.errors.filter((error) => error !== 'No Error').length;
        const text = ['<', id, response.len, failed, ...response.topics].join(' ');
        lines.push({ ...ends.of(stream, 's2c'), name: `${stream}/${id}/response`, text });
      }
      return lines;
    });
  },
  ours(entries) {
    const seen = entries.filter(({ protocol }) => protocol.name === 'kafka');
    return linesOf(seen, (entry, side) => {
      const message = entry[side]!;
      const topics = topicsOf(message['payload']);
      const { correlationID: id, size } = message;
      if (side === 'response') return ['<', id, size, failures(message), ...topics].join(' ');
      const { apiKeyName, apiVersion, clientID } = message;
      return ['>', apiKeyName, apiVersion, id, clientID, size, ...topics].join(' ');
    });
  },
};

function topicsOf(payload: Value): string[] {
  const { topics, responses } = (payload ?? {}) as ValueMap;
  const list = (topics ?? responses ?? []) as ValueMap[];
  return list.map((topic) => String(topic['name'] ?? topic['topic']));
}

/** How many error codes of an answer tell of an error. */
function failures(value: Value): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + failures(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, each]) => {
    if (name === 'payload' || typeof each === 'object') return sum + failures(each);
    return sum;
  }, failed(value));
}

function failed({ errorCode, payload }: ValueMap): number {
  return payload === undefined && typeof errorCode === 'number' && errorCode !== 0 ? 1 : 0;
}
