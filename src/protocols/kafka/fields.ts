/** The names that queries may use for Kafka, with what the completions offer for them. */
import type { FieldDeclaration } from '../../dissect/contract.ts';
import { field } from '../field.ts';
import { apiNames, errorCodes } from './schema.ts';

const errors = [...errorCodes].filter(([code]) => code !== 0);

/** Error codes by number: what a row has as its status. */
export const errorNames: Readonly<Record<number, string>> = Object.fromEntries(errors);

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const acks = [-1, 0, 1];

/** Records, where they lie in Produce and in Fetch. */
function recordFields(base: string): FieldDeclaration[] {
  return [
    field('map', base, 'Records of a partition and the head of their batch'),
    field('text', `${base}.compression`, 'Codec of the batch', { values: compressions }),
    field('number', `${base}.recordCount`, 'Records of the partition in this message'),
    field('boolean', `${base}.isTransactional`, 'The batch is part of a transaction'),
    field('number', `${base}.producerId`, 'Producer that is idempotent or transactional'),
    field('list', `${base}.record`, 'Records: offset, timestamp, key, value, headers'),
    field('text', `${base}.record[0].key`, 'Key of a record'),
    field('number', `${base}.record[0].keyNumber`, 'Binary key of 4 or 8 bytes as a number'),
    field('text', `${base}.record[0].value`, 'Value of a record; base64 when it is binary'),
    field('number', `${base}.record[0].valueNumber`, 'Binary value of 4 or 8 bytes as a number'),
    field('map', `${base}.record[0].headers`, 'Headers of a record by name'),
    field('number', `${base}.record[0].offset`, 'Offset of a record'),
    field('number', `${base}.record[0].timestamp`, 'Time of a record, ms since 1970'),
    field('number', `${base}.record[0].valueSchemaId`, 'Schema id of a value from a registry'),
  ];
}

const produced = 'request.payload.topicData[0].partitions[0].partitionData.records.recordBatch';
const fetched = 'response.payload.responses[0].partitionResponses[0].recordSet.recordBatch';

export const kafkaFields: readonly FieldDeclaration[] = [
  field('text', 'request.apiKeyName', 'API', { values: apiNames, column: 'method' }),
  field('number', 'request.apiKey', 'Number of the API'),
  field('number', 'request.apiVersion', 'Version of the API'),
  field('number', 'request.correlationID', 'Number by which the answer is found'),
  field('text', 'request.clientID', 'Client id'),
  field('number', 'request.size', 'Length of the request behind its size field, bytes'),
  field('map', 'request.payload', "Fields of the request by the names of Kafka's definitions"),
  field('text', 'request.payload.transactionalID', 'Transactional id'),
  field('text', 'request.payload.groupId', 'Consumer group'),
  field('text', 'request.payload.memberId', 'Member of a consumer group'),
  field('number', 'request.payload.requiredAcks', 'Acknowledgements wanted', { values: acks }),
  field('number', 'request.payload.timeout', 'How long the broker may wait, ms'),
  field('list', 'request.payload.topics', 'Topics asked for'),
  field('list', 'request.payload.topicData', 'Topics produced to: topic, partitions'),
  field('text', 'request.payload.topicData[0].topic', 'Topic produced to'),
  ...recordFields(produced),
  field('list', 'request.problems', 'What could not be read, in words'),
  field('number', 'response.correlationID', 'Number of the request that is answered'),
  field('number', 'response.size', 'Length of the answer behind its size field, bytes'),
  field('number', 'response.errorCode', 'The first error code that is set', {
    values: errors.map(([code]) => code),
    column: 'status',
  }),
  field('text', 'response.errorName', 'Name of the first error', {
    values: errors.map(([, name]) => name),
  }),
  field('number', 'response.emptyFetchesBefore', 'Empty fetches before this one without a row'),
  field('map', 'response.payload', "Fields of the answer by the names of Kafka's definitions"),
  field('number', 'response.payload.throttleTimeMs', 'Time the client is slowed down, ms'),
  field('list', 'response.payload.responses', 'Topics fetched or produced to'),
  field('text', 'response.payload.responses[0].topic', 'Topic fetched or produced to'),
  ...recordFields(fetched),
  field('list', 'response.problems', 'What could not be read, in words'),
];
