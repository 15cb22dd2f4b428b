/**
 * Apache Kafka: bytes of a connection → messages (`parse.ts`), kept messages → values (`decode.ts`),
 * values → what the page shows (`describe.ts`). What the messages look like is generated from Kafka's
 * own definitions: `messages.json`, read by `schema.ts`.
 *
 * Consumers poll, and most polls find nothing. A fetch is not shown while it waits; of the fetches of a
 * connection that bring no records and no error the first gets a row, then every hundredth, and the next
 * row of a fetch says how many got none before it (`response.emptyFetchesBefore`).
 */
import { createRequire } from 'node:module';
import type { Parser, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { errorNames, kafkaFields } from './fields.ts';
import { parse, recognise } from './parse.ts';
import { end, hole, inMessage } from './parse-loss.ts';
import { resync, resyncTail } from './parse-resync.ts';
import { KafkaState } from './parse-state.ts';

const require = createRequire(import.meta.url);

const kafkaParser: Parser<KafkaState> = {
  recognise,
  newState: () => new KafkaState(),
  parse,
  hole,
  resync,
  resyncTail,
  end,
  inMessage,
};

/** Every API and version of Apache Kafka; the row's version is that of the API. */
export const kafkaProtocol: Protocol = {
  code: 30,
  id: 'kafka',
  title: 'Apache Kafka Protocol',
  label: 'KAFKA',
  colour: '#000000',
  textColour: '#ffffff',
  specification: 'https://kafka.apache.org/protocol',
  ports: [9092, 9093, 9094, 29092],
  pairing: 'key',
  versionText: (version) => (version === 0xffff ? 'bare token' : String(version)),
  statusNames: () => errorNames,
  parser: kafkaParser,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields: kafkaFields,
  macros: { kafka: 'protocol.name == "kafka"' },
};
