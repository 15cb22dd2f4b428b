import { describe, expect, it, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Value, ValueMap } from '../../dissect/contract.ts';
import type { Entry } from '../../entry/entry.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  ProtocolBench,
  server,
  timeless,
  withHole,
} from '../test-bench.ts';
import { unpackLz4 } from './decode-lz4.ts';
import { kafkaProtocol } from './index.ts';
import { forgetTopics } from './parse-topics.ts';
import { apiOf, requestLayout, responseLayout } from './schema.ts';
import {
  batch,
  type Codec,
  i16,
  i32,
  join,
  messageSet,
  randomValues,
  request,
  response,
  text16,
} from './test-encode.ts';

const protocols = [kafkaProtocol];
const utf8 = (text: string) => Buffer.from(text, 'utf8');
const asValue = (bytes: Uint8Array) => bytes as unknown as Value;

/** Values as the decoder shows them: bytes as text; names of errors stand beside their codes. */
function shown(value: Value): Value {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)]));
}

/** Without what the decoder adds, and with records as the bytes they were. */
function plain(value: Value): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !/errorName$/i.test(name));
  return Object.fromEntries(members.map(([name, each]) => [name, plain(each)]));
}

/** Every API and version that the definitions know. */
function everyCall(): { key: number; version: number; name: string }[] {
  const calls: { key: number; version: number; name: string }[] = [];
  for (let key = 0; key < 128; key++) {
    const api = apiOf(key);
    if (api === undefined) continue;
    for (let version = api.oldest; version <= api.newest; version++) {
      calls.push({ key, version, name: api.name });
    }
  }
  return calls;
}

const noRecords = (values: ValueMap): ValueMap =>
  JSON.parse(JSON.stringify(values), (name, each) =>
    each?.type === 'Buffer' && /^(?:records|recordSet|unalignedRecords)$/.test(name) ? null : each,
  ) as ValueMap;

/** Buffers survive the round through JSON as `{type, data}`. */
const withBuffers = (values: Value): Value => {
  if (Array.isArray(values)) return values.map(withBuffers);
  if (typeof values !== 'object' || values === null) return values;
  if (values['type'] === 'Buffer') return asValue(Buffer.from(values['data'] as number[]));
  return Object.fromEntries(
    Object.entries(values).map(([name, each]) => [name, withBuffers(each)]),
  );
};

test('every API in every version reads back what an independent encoder wrote', () => {
  const random = seededRandom(11);
  const calls = everyCall();
  expect(calls.length).toBeGreaterThan(360);
  for (const { key, version, name } of calls) {
    forgetTopics();
    const asked = withBuffers(
      noRecords(randomValues(requestLayout(key, version)!, random)),
    ) as ValueMap;
    const told = withBuffers(
      noRecords(randomValues(responseLayout(key, version)!, random)),
    ) as ValueMap;
    if (key === 0) asked['requiredAcks'] = 1;
    const isRefusal = key === 18 && told['errorCode'] === 35;
    if (isRefusal) told['errorCode'] = 0;
    const talk = [
      client(request({ key, version, correlation: 77, payload: asked })),
      server(response(key, version, 77, told)),
    ];
    const [entry, ...others] = entriesOf(protocols, talk);
    expect(others).toEqual([]);
    const where = `${name} ${version}`;
    expect(entry, where).toMatchObject({
      method: name,
      incomplete: [],
      request: { apiKeyName: name, apiKey: key, apiVersion: version, correlationID: 77 },
      response: { correlationID: 77 },
    });
    expect(entry?.request?.['problems'], where).toBeUndefined();
    expect(entry?.response?.['problems'], where).toBeUndefined();
    if (key === 0) continue;
    expect(plain(entry?.request?.['payload']), where).toEqual(shown(asked));
    expect(plain(entry?.response?.['payload']), where).toEqual(shown(told));
  }
});

const produce = (correlation: number, topic: string, records: Uint8Array, acks = -1, version = 7) =>
  client(
    request({
      key: 0,
      version,
      correlation,
      payload: {
        transactionalID: null,
        requiredAcks: acks,
        timeout: 1000,
        topicData: [{ topic, partitions: [{ partition: 3, records: asValue(records) }] }],
      },
    }),
  );
const produced = (correlation: number, topic: string, errorCode = 0, version = 7) =>
  server(
    response(0, version, correlation, {
      responses: [
        {
          topic,
          partitionResponses: [
            { partition: 3, errorCode, baseOffset: 42, logAppendTimeMs: -1, logStartOffset: 0 },
          ],
        },
      ],
      throttleTimeMs: 0,
    }),
  );
const heartbeat = (correlation: number) =>
  client(
    request({
      key: 12,
      version: 4,
      correlation,
      payload: { groupId: 'billing', generationId: 1, memberId: 'm', groupInstanceId: null },
    }),
  );
const alive = (correlation: number, errorCode = 0) =>
  server(response(12, 4, correlation, { throttleTimeMs: 0, errorCode }));

const path = ['topicData', 'partitions', 'partitionData', 'records', 'recordBatch'];
/** `request.payload.topicData[0].partitions[0].partitionData.records.recordBatch`. */
function producedBatch(entry: Entry | undefined): ValueMap {
  let value: Value = entry?.request?.['payload'];
  for (const name of path) {
    value = (value as ValueMap)[name];
    if (Array.isArray(value)) value = value[0];
  }
  return value as ValueMap;
}

describe('a row names', () => {
  it('the API, the topic and the first error', () => {
    const talk = [produce(1, 'orders', batch({ records: [] })), produced(1, 'orders', 3)];
    expect(entriesOf(protocols, talk)).toMatchObject([
      {
        method: 'Produce',
        target: 'orders',
        status: 3,
        outcome: 'failed',
        protocol: { name: 'kafka', version: '7', abbr: 'KAFKA' },
        response: { errorCode: 3, errorName: 'UNKNOWN_TOPIC_OR_PARTITION' },
      },
    ]);
  });

  it('the error that has no name but a negative number', () => {
    expect(
      entriesOf(protocols, [heartbeat(1), alive(1, -1), heartbeat(2), alive(2, 999)]),
    ).toMatchObject([
      { status: -1, outcome: 'failed', response: { errorName: 'UNKNOWN_SERVER_ERROR' } },
      { status: 999, outcome: 'failed', response: { errorName: 'ERROR_999' } },
    ]);
  });

  it('the group, its topics, the transaction, or the client', () => {
    const commit = {
      groupId: 'billing',
      generationIdOrMemberEpoch: 1,
      memberId: 'm',
      groupInstanceId: null,
      topics: [
        { name: 'orders', partitions: [] },
        { name: 'refunds', partitions: [] },
      ],
    };
    const begin = {
      transactionalID: 'payments-7',
      transactionTimeoutMs: 1,
      producerId: -1,
      producerEpoch: -1,
    };
    const talk = [
      heartbeat(1),
      client(request({ key: 8, version: 8, correlation: 2, payload: commit })),
      client(request({ key: 22, version: 4, correlation: 3, payload: begin })),
      client(request({ key: 16, version: 0, correlation: 4, payload: {} })),
    ];
    expect(entriesOf(protocols, talk).map(({ method, target }) => `${method} ${target}`)).toEqual([
      'Heartbeat billing',
      'OffsetCommit billing (orders, refunds)',
      'InitProducerId payments-7',
      'ListGroups tester',
    ]);
  });

  it('no answer where none is wanted', () => {
    const talk = [
      produce(1, 'logs', batch({ records: [{ value: utf8('x') }] }), 0),
      heartbeat(2),
      alive(2),
    ];
    expect(entriesOf(protocols, talk)).toMatchObject([
      { method: 'Produce', outcome: 'ok', incomplete: [], response: undefined },
      { method: 'Heartbeat', outcome: 'ok' },
    ]);
  });
});

describe('what is newer than the definitions', () => {
  const unknownApi = (correlation: number) => {
    const body = join(i16(140), i16(2), i32(correlation), text16('future'), utf8('?????'));
    return client(i32(body.length), body);
  };
  const bare = (correlation: number) => server(i32(8), i32(correlation), utf8('what'));

  it('is shown as such, and the stream goes on', () => {
    const body = join(i16(3), i16(40), i32(6), text16('future'), utf8('????'));
    const talk = [
      heartbeat(4),
      alive(4),
      unknownApi(5),
      bare(5),
      client(i32(body.length), body),
      bare(6),
      heartbeat(7),
      alive(7),
    ];
    for (const events of [talk, byteByByte(talk)]) {
      expect(entriesOf(protocols, events)).toMatchObject([
        { method: 'Heartbeat' },
        {
          method: 'API 140',
          target: 'future',
          outcome: 'ok',
          request: { apiKey: 140, apiVersion: 2, payload: { body: expect.any(String) } },
        },
        {
          method: 'Metadata',
          request: { apiVersion: 40, problems: [expect.stringMatching('newer')] },
        },
        { method: 'Heartbeat' },
      ]);
    }
  });

  it('also tagged fields, of headers and of bodies', () => {
    const alive3 = alive(1);
    const tag = (at: number, bytes: Uint8Array) =>
      Buffer.concat([
        bytes.subarray(0, at),
        Uint8Array.of(1, 99, 2),
        utf8('hi'),
        bytes.subarray(at + 1),
      ]);
    const sized = (bytes: Buffer) => {
      bytes.writeInt32BE(bytes.length - 4, 0);
      return server(bytes);
    };
    if ('lost' in alive3) throw new Error('no bytes');
    const { bytes } = alive3;
    const talk = [
      heartbeat(1),
      sized(tag(8, tag(bytes.length - 1, bytes))),
      heartbeat(2),
      alive(2),
    ];
    for (const events of [talk, byteByByte(talk)]) {
      const [first, second] = entriesOf(protocols, events);
      expect(first).toMatchObject({ outcome: 'ok', incomplete: [] });
      expect(first?.response).toMatchObject({
        payload: { headerTags: { 'tag 99': 'hi' }, unknownTags: { 'tag 99': 'hi' } },
      });
      expect(first?.response?.['problems']).toBeUndefined();
      expect(second).toMatchObject({ method: 'Heartbeat', outcome: 'ok' });
    }
  });

  it('and a broker that is older refuses ApiVersions in version 0', () => {
    const asked = { clientSoftwareName: 'new', clientSoftwareVersion: '9' };
    const talk = [
      client(request({ key: 18, version: 4, correlation: 1, payload: asked })),
      server(
        response(18, 0, 1, {
          errorCode: 35,
          apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 3 }],
        }),
      ),
    ];
    expect(entriesOf(protocols, talk)).toMatchObject([
      {
        status: 35,
        incomplete: [],
        response: { errorName: 'UNSUPPORTED_VERSION', payload: { apiKeys: [{ maxVersion: 3 }] } },
      },
    ]);
  });
});

describe('records', () => {
  const long = 'abcdefgh'.repeat(4000);
  const records = [
    {
      key: utf8('k'),
      value: utf8('{"amount":12}'),
      headers: [['trace', utf8('t1')]],
      timestampDelta: 3,
    },
    {
      key: null,
      value: null,
      headers: [
        ['a', utf8('1')],
        ['a', utf8('2')],
        ['n', null],
      ],
    },
    { key: utf8('long'), value: utf8(long) },
    {
      key: Uint8Array.of(0, 0, 0, 0, 9, 1, 2, 255),
      value: join(Uint8Array.of(0), i32(77), utf8('{}')),
    },
  ] as const;

  it.each(['none', 'gzip', 'snappy', 'xerial', 'lz4', 'zstd'] as Codec[])(
    'of a batch, %s',
    (codec) => {
      const [entry] = entriesOf(protocols, [
        produce(
          1,
          'orders',
          batch({ records, codec, baseOffset: 10, producerId: 900, attributes: 0x10 }),
        ),
      ]);
      const found = producedBatch(entry);
      expect(found['remark']).toBeUndefined();
      expect(found).toMatchObject({
        magic: 2,
        compression: codec === 'xerial' ? 'snappy' : codec,
        isTransactional: true,
        producerId: 900,
        recordCount: 4,
        record: [
          {
            offset: 10,
            timestamp: 1_700_000_000_003,
            key: 'k',
            value: '{"amount":12}',
            headers: { trace: 't1' },
          },
          { offset: 11, key: null, value: null, headers: { a: ['1', '2'], n: null } },
          { offset: 12, value: long },
          { key: 'AQL/', keyEncoding: 'base64', keySchemaId: 9, value: '{}', valueSchemaId: 77 },
        ],
      });
    },
  );

  it.each([
    [0, 'none'],
    [1, 'none'],
    [0, 'gzip'],
    [1, 'gzip'],
    [1, 'snappy'],
    [1, 'xerial'],
    [1, 'lz4'],
  ] as [0 | 1, Codec][])('of a message set of format %s, %s', (magic, codec) => {
    const set = messageSet(
      magic,
      [
        ['a', 'one'],
        [null, 'two'],
      ],
      codec,
      20,
    );
    const [entry] = entriesOf(protocols, [produce(1, 'orders', set, -1, 2)]);
    const found = producedBatch(entry);
    expect(found).toMatchObject({
      magic,
      recordCount: 2,
      record: [
        { offset: 20, key: 'a', value: 'one' },
        { offset: 21, key: null, value: 'two' },
      ],
    });
    const [first] = found['record'] as ValueMap[];
    expect(first?.['timestamp']).toBe(magic === 1 ? 1_700_000_000_000 : undefined);
  });

  it('of several batches are one list; a control batch says what it controls', () => {
    const end = { key: join(i16(0), i16(1)), value: join(i16(0), i32(5)) };
    const both = join(
      batch({ records: [{ value: utf8('one') }] }),
      batch({ records: [end], baseOffset: 1, attributes: 0x30 }),
    );
    const [entry] = entriesOf(protocols, [produce(1, 'orders', both)]);
    expect(producedBatch(entry)).toMatchObject({
      recordCount: 2,
      batches: [{ isControl: false }, { isControl: true }],
      record: [{ value: 'one' }, { control: 'COMMIT', controlValue: { coordinatorEpoch: 5 } }],
    });
  });

  it('that are cut are shown as far as they go, with a word', () => {
    const one = batch({ records: [{ value: utf8('one') }] });
    const cut = join(one, one.subarray(0, 40));
    const [entry] = entriesOf(protocols, [produce(1, 'orders', cut)]);
    expect(producedBatch(entry)).toMatchObject({
      record: [{ value: 'one' }],
      remark: 'the last batch is cut',
    });
  });

  it('that are longer than the limit show the record that is cut, marked, with its key', () => {
    const value = Buffer.alloc(9000, 66);
    const long = batch({ records: [{ key: utf8('order-9'), value }, { value }] });
    const talk = [produce(1, 'orders', long)];
    const [entry] = entriesOf(protocols, talk, { bodyLimitBytes: 2000 });
    const { record, recordCount } = producedBatch(entry);
    expect(recordCount).toBe(2);
    expect(record).toMatchObject([{ key: 'order-9', cut: true }]);
    const [{ value: kept = '' } = {}] = record as ValueMap[];
    expect(String(kept)).toMatch(/^B{1500,2000}$/);
    const { request: sections } = kafkaProtocol.describe({
      request: entry?.request,
      response: undefined,
    });
    expect(sections.filter(({ kind }) => kind === 'body')).toMatchObject([{ cut: true }]);
    expect(sections.find(({ kind }) => kind === 'grid')).toMatchObject({
      remark: expect.stringMatching('cut'),
    });
  });

  it('are text when all of it is, else base64, and numbers of 4 and 8 bytes are named', () => {
    const of = (...bytes: number[]) => Uint8Array.from(bytes);
    const values = [
      of(0, 0, 0, 0, 0, 0, 0, 42),
      of(0xff, 0xff, 0xff, 0xfe),
      // A time in ms: by its first five bytes a registry could have written it, too.
      of(0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0),
      of(0xff, 0xfe, 0),
      of(0x41, 0xc3),
      of(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    ];
    const records = values.map((key) => ({ key, headers: [['h', key]] as const }));
    const [entry] = entriesOf(protocols, [produce(1, 'orders', batch({ records }))]);
    expect(producedBatch(entry)['record']).toMatchObject([
      { key: 'AAAAAAAAACo=', keyEncoding: 'base64', keyNumber: 42 },
      { keyNumber: -2 },
      { keySchemaId: 101327, keyNumber: 1_700_000_000_000 },
      { key: '//4A', keyEncoding: 'base64', headers: { h: '//4A' } },
      { key: 'QcM=', keyEncoding: 'base64' },
      { keyNumber: '9223372036854775807' },
    ]);
    const { request: sections } = kafkaProtocol.describe({
      request: entry?.request,
      response: undefined,
    });
    const grid = sections.find(({ title }) => title.startsWith('Records'));
    const keys = grid?.kind === 'grid' ? grid.rows.map(([, , key]) => key) : [];
    expect(keys).toEqual([42, -2, 1_700_000_000_000, '//4A', 'QcM=', '9223372036854775807']);
  });

  it('of a message set of format 1 have the time that the broker has set', () => {
    const set = Buffer.from(messageSet(1, [['a', 'one']], 'gzip', 20));
    // Attributes, then the time of the wrapper.
    set[17] = set[17]! | 8;
    set.writeBigInt64BE(1_800_000_000_000n, 18);
    const [entry] = entriesOf(protocols, [produce(1, 'orders', set, -1, 2)]);
    expect(producedBatch(entry)).toMatchObject({
      timestampType: 'LogAppendTime',
      record: [{ offset: 20, timestamp: 1_800_000_000_000 }],
    });
  });

  it('that expand without end stop at the limit', () => {
    const huge = batch({ records: [{ value: Buffer.alloc(40 << 20, 65) }], codec: 'zstd' });
    const [entry] = entriesOf(protocols, [produce(1, 'orders', huge)]);
    expect(String(producedBatch(entry)['remark'])).toMatch(/zstd|cut/);
  });

  it('LZ4 repeats what it has written', () => {
    // 5 literals, then 11 bytes from 5 back, overlapping; then the last 2 literals.
    const block = Uint8Array.of(0x57, ...utf8('abcde'), 5, 0, 0x20, ...utf8('!!'));
    const frame = join(
      Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0),
      Uint8Array.of(block.length, 0, 0, 0),
      block,
      Uint8Array.of(0, 0, 0, 0),
    );
    expect(new TextDecoder().decode(unpackLz4(frame, 1000).bytes)).toBe('abcdeabcdeabcdea!!');
    expect(unpackLz4(frame, 10).problem).toMatch('limit');
  });
});

const topicId = Buffer.from('00112233445566778899aabbccddeeff', 'hex').toString('base64url');

function metadata(correlation: number): Event[] {
  const asked = {
    topics: null,
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  };
  const told = {
    throttleTimeMs: 0,
    brokers: [],
    clusterID: 'c',
    controllerID: 1,
    topics: [
      {
        errorCode: 0,
        name: 'orders',
        topicId,
        isInternal: false,
        partitions: [],
        topicAuthorizedOperations: 0,
      },
    ],
  };
  return [
    client(request({ key: 3, version: 12, correlation, payload: asked })),
    server(response(3, 12, correlation, told)),
  ];
}

function fetchRequest(correlation: number, epoch: number, named: boolean): Event {
  const partition = {
    partition: 0,
    currentLeaderEpoch: 0,
    fetchOffset: 0,
    lastFetchedEpoch: 0,
    logStartOffset: 0,
    partitionMaxBytes: 1,
  };
  const payload = {
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 1,
    isolationLevel: 0,
    sessionId: epoch === 0 ? 0 : 5,
    sessionEpoch: epoch,
    topics: named ? [{ topicId, partitions: [partition] }] : [],
    forgottenTopicsData: [],
    rackId: '',
  };
  return client(request({ key: 1, version: 17, correlation, payload }));
}

function fetched(correlation: number, records: Uint8Array | undefined, errorCode = 0): Event {
  const partition = {
    partition: 0,
    errorCode: 0,
    highWatermark: 1,
    lastStableOffset: 1,
    logStartOffset: 0,
    abortedTransactions: null,
    preferredReadReplica: -1,
    recordSet: asValue(records ?? new Uint8Array(0)),
  };
  const responses = records === undefined ? [] : [{ topicId, partitionResponses: [partition] }];
  const payload = { throttleTimeMs: 0, errorCode, sessionId: 5, responses };
  return server(response(1, 17, correlation, payload));
}

describe('a fetch', () => {
  const records = batch({ records: [{ value: utf8('hello') }] });

  it('names topics by what Metadata said of their ids, also within a session', () => {
    forgetTopics();
    const talk = [
      ...metadata(1),
      fetchRequest(2, 0, true),
      fetched(2, records),
      fetchRequest(3, 1, false),
      fetched(3, records),
    ];
    for (const events of [talk, byteByByte(talk)]) {
      const [, first, second] = entriesOf(protocols, events);
      expect(first).toMatchObject({
        target: 'orders',
        request: { payload: { topics: [{ topicId, topic: 'orders' }] } },
        response: {
          payload: {
            responses: [
              {
                topic: 'orders',
                partitionResponses: [
                  { recordSet: { recordBatch: { record: [{ value: 'hello' }] } } },
                ],
              },
            ],
          },
        },
      });
      expect(second).toMatchObject({ method: 'Fetch', target: 'orders' });
    }
  });

  it('shows the id of a topic that nobody named', () => {
    forgetTopics();
    expect(entriesOf(protocols, [heartbeat(1), fetchRequest(2, 0, true)])[1]).toMatchObject({
      target: topicId,
      request: { payload: { topics: [{ topicId }] } },
    });
  });

  it('names topics that are told later than its session began', () => {
    forgetTopics();
    const talk = [
      fetchRequest(1, 0, true),
      fetched(1, records),
      ...metadata(2),
      fetchRequest(3, 1, false),
      fetched(3, records),
      fetchRequest(4, 2, true),
      fetched(4, records),
    ];
    const targets = (events: Event[]) =>
      entriesOf(protocols, events)
        .filter(({ method }) => method === 'Fetch')
        .map(({ target }) => target);
    expect(targets(talk)).toEqual([topicId, 'orders', 'orders']);
    forgetTopics();
    // Its beginning missed: the first answer that is seen names its topics.
    expect(targets([heartbeat(9), ...talk.slice(1)])).toEqual(['tester', 'orders']);
  });

  it('that finds nothing gets a row once, then every hundredth time, and none while it waits', () => {
    forgetTopics();
    const bench = new ProtocolBench(protocols).feed(metadata(1));
    for (let i = 2; i < 253; i++) {
      bench.feed([fetchRequest(i, i - 2, i === 2)]).announce();
      bench.feed([fetched(i, undefined)]);
    }
    bench.feed([fetchRequest(253, 251, false), fetched(253, records)]);
    bench.feed([fetchRequest(254, 252, false), fetched(254, undefined, 6)]);
    const fetches = bench.close().filter(({ method }) => method === 'Fetch');
    expect(fetches.map(({ response }) => response?.['emptyFetchesBefore'])).toEqual([
      undefined,
      99,
      99,
      50,
      undefined,
    ]);
    expect(fetches.at(-1)).toMatchObject({ status: 6, outcome: 'failed' });
    expect(bench.pending.filter(({ method }) => method === 'Fetch')).toEqual([]);
  });
});

describe('secrets are not kept', () => {
  const sasl = (correlation: number, token: string, version = 2) =>
    client(
      request({ key: 36, version, correlation, payload: { authBytes: asValue(utf8(token)) } }),
    );
  const answer = (correlation: number, token: string, version = 2) =>
    server(
      response(36, version, correlation, {
        errorCode: 0,
        errorMessage: null,
        authBytes: asValue(utf8(token)),
        sessionLifetimeMs: 0,
      }),
    );
  const handshake = (correlation: number, mechanism: string, version = 1): Event[] => [
    client(request({ key: 17, version, correlation, payload: { mechanism } })),
    server(response(17, version, correlation, { errorCode: 0, mechanisms: [mechanism] })),
  ];
  const all = (events: Event[]) => {
    const bench = new ProtocolBench(protocols, { redact: true }).feed(events);
    const entries = bench.close();
    const kept = bench.stored.flatMap(({ payload }) => [payload.request, payload.response]);
    return {
      entries,
      bytes: Buffer.concat(kept.map((part) => part ?? new Uint8Array(0))).toString('latin1'),
    };
  };

  it.each([0, 1, 2])('PLAIN, SaslAuthenticate %s', (version) => {
    const talk = [
      ...handshake(1, 'PLAIN'),
      sasl(2, '\0alice\0hunter2', version),
      answer(2, '', version),
    ];
    const { entries, bytes } = all([...talk, heartbeat(3), alive(3)]);
    expect(entries).toMatchObject([
      { method: 'SaslHandshake', target: 'PLAIN' },
      {
        method: 'SaslAuthenticate',
        target: 'alice',
        incomplete: [],
        request: { payload: { authBytes: { user: 'alice', password: '[REDACTED]' } } },
      },
      { method: 'Heartbeat' },
    ]);
    expect(entries[1]?.request?.['problems']).toBeUndefined();
    expect(bytes).not.toContain('hunter2');
  });

  it('SCRAM: names and nonces stay, proofs go', () => {
    const { entries, bytes } = all([
      ...handshake(1, 'SCRAM-SHA-256'),
      sasl(2, 'n,,n=bob,r=abc'),
      answer(2, 'r=abcdef,s=c2FsdA==,i=4096'),
      sasl(3, 'c=biws,r=abcdef,p=cHJvb2Y='),
      answer(3, 'v=c2lnbmF0dXJl'),
    ]);
    expect(entries.slice(1)).toMatchObject([
      { target: 'bob', request: { payload: { authBytes: 'n,,n=bob,r=abc' } } },
      {
        target: 'bob',
        request: { payload: { authBytes: 'c=biws,r=abcdef,p=[REDACTED]' } },
        response: { payload: { authBytes: 'v=[REDACTED]' } },
      },
    ]);
    expect(bytes).not.toMatch(/cHJvb2Y|c2lnbmF0/);
  });

  it('bare tokens behind a handshake of version 0, then requests again', () => {
    const token = (text: string) => join(i32(text.length), utf8(text));
    const talk = [
      ...handshake(1, 'PLAIN', 0),
      client(token('\0carol\0secret-9')),
      server(i32(0)),
      heartbeat(2),
      alive(2),
      produce(3, 'orders', batch({ records: [] })),
      produced(3, 'orders'),
    ];
    for (const events of [talk, byteByByte(talk)]) {
      const { entries, bytes } = all(events);
      expect(entries).toMatchObject([
        { method: 'SaslHandshake' },
        {
          method: 'SaslAuthenticate',
          target: 'carol',
          outcome: 'ok',
          requestSize: 19,
          responseSize: 4,
          request: { bareToken: true },
        },
        { method: 'Heartbeat', outcome: 'ok' },
        { method: 'Produce', outcome: 'ok' },
      ]);
      expect(bytes).not.toContain('secret-9');
    }
  });

  it('a bearer token, settings with secrets, SCRAM credentials, delegation tokens', () => {
    const bearer = 'n,a=dave,\u0001auth=Bearer ey.J.x\u0001\u0001';
    const config = (name: string, value: string) => ({ name, configOperation: 0, value });
    const settings = {
      resources: [
        {
          resourceType: 4,
          resourceName: '1',
          configs: [config('ssl.key.password', 'pass-1'), config('log.retention.ms', '5000')],
        },
      ],
      validateOnly: false,
    };
    const upsertions = [
      {
        name: 'erin',
        mechanism: 1,
        iterations: 4096,
        salt: asValue(utf8('salt-2')),
        saltedPassword: asValue(utf8('salted-3')),
      },
    ];
    const { entries, bytes } = all([
      ...handshake(1, 'OAUTHBEARER'),
      sasl(2, bearer),
      client(request({ key: 44, version: 1, correlation: 3, payload: settings })),
      client(
        request({ key: 51, version: 0, correlation: 4, payload: { deletions: [], upsertions } }),
      ),
      client(
        request({
          key: 39,
          version: 2,
          correlation: 5,
          payload: { hmac: asValue(utf8('hmac-4')), renewPeriodMs: 1 },
        }),
      ),
      heartbeat(6),
    ]);
    expect(bytes).not.toMatch(/ey\.J|pass-1|salt-2|salted-3|hmac-4/);
    expect(entries.map(({ incomplete }) => incomplete)).toEqual(
      entries.map((_, i) => (i === 0 ? [] : ['no response was seen'])),
    );
    expect(entries[1]?.target).toBe('dave');
    expect(entries[3]).toMatchObject({ method: 'AlterUserScramCredentials', target: 'erin' });
    expect(entries[2]?.request?.['payload']).toMatchObject({
      resources: [{ configs: [{ value: '[REDACTED]' }, { value: '5000' }] }],
    });
  });

  it('a token of Kerberos is none of PLAIN, whatever bytes it has', () => {
    const token = '\x60\x7e\x06\x09ticket-1\0ticket-2\0ticket-3';
    const { entries, bytes } = all([...handshake(1, 'GSSAPI'), sasl(2, token), answer(2, token)]);
    expect(entries[1]).toMatchObject({ method: 'SaslAuthenticate', target: 'GSSAPI' });
    expect(bytes).not.toContain('ticket');
  });

  it('nor are parts of them, behind a hole', () => {
    const token = '\0alice\0hunter2';
    const talk = [...handshake(1, 'PLAIN'), sasl(2, token), answer(2, ''), heartbeat(3), alive(3)];
    const length = 'bytes' in talk[2]! ? talk[2].bytes.length : 0;
    for (let at = 14; at < length; at++) {
      const { entries, bytes } = all(withHole(talk, 2, at, 1));
      expect(entries.at(-1), `${at}`).toMatchObject({ method: 'Heartbeat', outcome: 'ok' });
      expect(bytes, `${at}`).not.toMatch(/hunt|nter2/);
      const login = entries.find(({ method }) => method === 'SaslAuthenticate');
      expect(login?.incomplete, `${at}`).toEqual(['bytes of the request were lost by the capture']);
    }
  });

  it('but all is there when redaction is off', () => {
    const talk = [...handshake(1, 'PLAIN'), sasl(2, '\0alice\0hunter2')];
    const [, entry] = entriesOf(protocols, talk);
    expect(entry?.request?.['payload']).toEqual({
      authBytes: { authorizationId: '', user: 'alice', password: 'hunter2' },
    });
  });
});

/** A talk with pipelined requests and answers out of order. */
function longTalk(): Event[] {
  const value = utf8(`{"text":"${'x'.repeat(300)}"}`);
  const records = batch({ records: [{ key: utf8('k'), value }, { value }], codec: 'gzip' });
  return [
    ...metadata(1),
    produce(2, 'orders', records),
    heartbeat(3),
    produce(4, 'refunds', records),
    alive(3),
    produced(2, 'orders'),
    produced(4, 'refunds', 7),
    fetchRequest(5, 0, true),
    fetched(5, records),
    produce(6, 'logs', records, 0),
    heartbeat(7),
    alive(7, 27),
    produce(8, 'orders', records),
    produced(8, 'orders'),
  ];
}

describe('however the bytes come', () => {
  const talk = longTalk();
  const wanted = entriesOf(protocols, talk).map(timeless);

  it('the same entries come out', () => {
    expect(wanted).toHaveLength(8);
    expect(entriesOf(protocols, byteByByte(talk)).map(timeless)).toEqual(wanted);
    const random = seededRandom(3);
    for (let i = 0; i < 200; i++) {
      const events = inRandomPieces(talk, random, 1 + i * 3);
      expect(entriesOf(protocols, events).map(timeless)).toEqual(wanted);
    }
  });

  it('the connection may be joined at any message of the client', () => {
    for (let first = 1; first < talk.length; first++) {
      const events = talk.slice(first);
      const asked = events.findIndex(({ from }) => from === 'client');
      if (asked < 0) continue;
      const known = new Set(
        entriesOf(protocols, events.slice(asked)).map((entry) => entry.request?.['correlationID']),
      );
      const entries = entriesOf(protocols, events, { fromStart: false });
      const whole = entries.filter(({ request }) => known.has(request?.['correlationID'] ?? ''));
      const expected = entriesOf(protocols, talk).filter(({ request }) =>
        known.has(request?.['correlationID'] ?? ''),
      );
      const outcomes = (list: Entry[]) =>
        list.map(({ method, target, outcome, request }) => [method, target, outcome, request]);
      expect(outcomes(whole)).toEqual(outcomes(expected));
    }
  });

  it('a hole costs the messages it falls into, and no others', () => {
    const random = seededRandom(5);
    for (let i = 0; i < 200; i++) {
      const index = 2 + Math.floor(random() * (talk.length - 2));
      const event = talk[index]!;
      if ('lost' in event) continue;
      const at = Math.floor(random() * event.bytes.length);
      const events = withHole(talk, index, at, 1 + Math.floor(random() * event.bytes.length));
      const entries = entriesOf(protocols, events);
      const touched = entries.filter(({ incomplete }) => incomplete.length > 0);
      const hit = new Set(
        touched.map(({ request, response }) => (request ?? response)?.['correlationID']),
      );
      const others = entries.filter(({ incomplete }) => incomplete.length === 0).map(timeless);
      for (const other of others) expect(wanted).toContainEqual(other);
      expect(others.length, `event ${index} at ${at}`).toBeGreaterThanOrEqual(wanted.length - 2);
      expect(hit.size).toBeLessThanOrEqual(2);
    }
  });

  it('a hole in the first messages of a connection leaves their beginnings', () => {
    const [asked, told] = metadata(1) as [
      Event & { bytes: Uint8Array },
      Event & { bytes: Uint8Array },
    ];
    const rest = [heartbeat(2), alive(2)];
    for (const keep of [30, told.bytes.length - 3]) {
      const events = [asked, ...withHole([told], 0, keep, told.bytes.length - keep), ...rest];
      const entries = entriesOf(protocols, events);
      expect(entries).toMatchObject([
        {
          method: 'Metadata',
          outcome: 'ok',
          incomplete: ['bytes of the response were lost by the capture'],
        },
        { method: 'Heartbeat', outcome: 'ok', incomplete: [] },
      ]);
      const payload = entries[0]?.response?.['payload'] as ValueMap;
      if (keep > 30) expect(payload['topics']).toMatchObject([{ name: 'orders' }]);
    }
    const long = produce(1, 'orders', batch({ records: [{ value: Buffer.alloc(3000, 66) }] }));
    const events = [...withHole([long], 0, 400, 2000), produced(1, 'orders'), ...rest];
    expect(entriesOf(protocols, events)).toMatchObject([
      {
        method: 'Produce',
        target: 'orders',
        outcome: 'ok',
        incomplete: [expect.stringMatching('request')],
      },
      { method: 'Heartbeat', outcome: 'ok', incomplete: [] },
    ]);
  });

  it('zeros are not taken for the answer to the first request of a connection', () => {
    const records = batch({ records: [{ value: new Uint8Array(600) }] });
    const talk = [
      heartbeat(0),
      ...[...Array(4).keys()].map((i) => fetched(i + 1, records)),
      heartbeat(5),
      alive(5),
      heartbeat(6),
      alive(6),
    ];
    for (const events of [talk, inRandomPieces(talk, seededRandom(4), 300)]) {
      const entries = entriesOf(protocols, events);
      expect(
        entries.map(({ outcome, request }) => `${request?.['correlationID']} ${outcome}`),
      ).toEqual(['5 ok', '6 ok', '0 no response']);
    }
  });

  it('a lost request leaves its answer, and the pairs behind it are right', () => {
    const events = [heartbeat(1), alive(1), ...talk.slice(2)];
    const lost = events.map((event, i): Event => {
      if (i !== 3 || 'lost' in event) return event;
      return { from: 'client', lost: event.bytes.length };
    });
    const entries = entriesOf(protocols, lost);
    const alone = entries.filter(({ outcome }) => outcome === 'no request');
    expect(alone).toMatchObject([{ response: { correlationID: 3 } }]);
    expect(entries.filter(({ outcome }) => outcome === 'no response')).toEqual([]);
  });

  it('a message above the limit is cut, and the next one found by counting', () => {
    const big = batch({ records: [{ value: Buffer.alloc(9000, 66) }] });
    const events = [
      produce(1, 'orders', big),
      produced(1, 'orders'),
      fetchRequest(2, 0, true),
      fetched(2, big),
      heartbeat(3),
      alive(3),
    ];
    for (const pieces of [events, inRandomPieces(events, seededRandom(2), 700)]) {
      expect(entriesOf(protocols, pieces, { bodyLimitBytes: 2000 })).toMatchObject([
        {
          method: 'Produce',
          target: 'orders',
          incomplete: ['the request body is longer than the limit'],
          outcome: 'ok',
        },
        {
          method: 'Fetch',
          incomplete: ['the response body is longer than the limit'],
          outcome: 'ok',
        },
        { method: 'Heartbeat', incomplete: [] },
      ]);
    }
  });
});

describe('recognition', () => {
  const yes = (bytes: Uint8Array) =>
    entriesOf(protocols, [client(bytes)], { fromStart: false }).length;

  it('takes nothing else for Kafka', () => {
    const random = seededRandom(9);
    const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256);
    const number32 = (value: number) => i32(value);
    const others: (() => Uint8Array)[] = [
      () => noise(1 + Math.floor(random() * 300)),
      () => join(Uint8Array.of(0x16, 3, 1), i16(200), noise(200)),
      () => utf8('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'),
      () =>
        join(Uint8Array.of(random() * 200, 0, 0, random() * 3), Uint8Array.of(3), utf8('SELECT 1')),
      () => join(Uint8Array.of(0x4a, 0, 0, 0, 10), utf8('8.0.36\0'), noise(60)),
      () =>
        join(
          i32(0x54),
          i32(0x0003_0000),
          utf8('user\0postgres\0database\0shop\0client_encoding\0UTF8\0application_name\0psql\0\0'),
        ),
      () => join(utf8('Q'), i32(20), utf8('select * from x\0')),
      () => join(i32(8), i32(80877103)),
      () => join(i32(16), i32(80877102), noise(8)),
      () =>
        join(
          Buffer.from(i32(60)).reverse(),
          Buffer.from(i32(7)).reverse(),
          i32(0),
          Buffer.from(i32(2013)).reverse(),
          noise(44),
        ),
      () => join(Uint8Array.of(0x10, 40, 0, 4), utf8('MQTT'), noise(34)),
      () => utf8('GET /orders HTTP/1.1\r\nHost: a\r\n\r\n'),
      () => utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      () => join(Uint8Array.of(0, 0, 18, 4, 0, 0, 0, 0, 0), noise(18)),
      () => utf8('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n'),
      () => utf8('AMQP\0\0\u0009\u0001'),
      () => join(Uint8Array.of(1, 0, 0, 0, 0, 0, 8, 0, 10, 0, 11, 0, 0, 0, 0, 0xce)),
      // ZooKeeper: connect and ping.
      () =>
        join(
          number32(45),
          i32(0),
          i32(0),
          i32(0),
          i32(30_000),
          i32(0),
          i32(0),
          i32(16),
          new Uint8Array(17),
        ),
      () => join(i32(8), i32(-2), i32(11)),
      // Cassandra: OPTIONS, STARTUP.
      () => join(Uint8Array.of(4, 0, 0, 0, 5), i32(0)),
      () =>
        join(Uint8Array.of(4, 0, 0, 0, 1), i32(22), i16(1), text16('CQL_VERSION'), text16('3.0.0')),
      // DNS over TCP, SMB, framed Thrift, RDP.
      () => join(i16(29), noise(2), i16(0x0100), i16(1), i32(0), i16(0), noise(17)),
      () => join(i32(60), Uint8Array.of(0xfe), utf8('SMB'), noise(56)),
      () => join(i32(30), Uint8Array.of(0x80, 1, 0, 1), i32(4), utf8('ping'), noise(14)),
      () => new Uint8Array(1 + Math.floor(random() * 300)),
      () => join(i32(random() * 200), noise(200)),
      () => join(i32(196), i16(random() * 90), i16(random() * 12), noise(192)),
    ];
    for (let i = 0; i < 3000; i++) {
      const bytes = others[i % others.length]!();
      expect(yes(bytes), Buffer.from(bytes).toString('hex')).toBe(0);
    }
  });

  it('knows a long message by its beginning', () => {
    const records = batch({ records: [{ value: Buffer.alloc(9000, 66) }] });
    const [event] = [produce(1, 'orders', records)];
    const bytes = 'bytes' in event! ? event.bytes : new Uint8Array(0);
    const bench = new ProtocolBench(protocols, { fromStart: false, bodyLimitBytes: 100 });
    bench.feed([client(bytes.subarray(0, 1460)), client(bytes.subarray(1460))]);
    expect(bench.close()).toMatchObject([{ method: 'Produce', target: 'orders' }]);
  });
});

test('rows of the details pane have query paths that lead to what they show', () => {
  const records = batch({ records: [{ key: utf8('k'), value: utf8('{"a":1}') }] });
  const entries = entriesOf(protocols, [produce(1, 'orders', records), produced(1, 'orders', 3)]);
  const [{ request: asked, response: told } = { request: undefined, response: undefined }] =
    entries;
  const { request: shownRequest, response: shownResponse } = kafkaProtocol.describe({
    request: asked,
    response: told,
  });
  const read = (query: string): Value => {
    let value: Value = { request: asked, response: told } as ValueMap;
    for (const [, name, index] of query.matchAll(/(\w+)|\[(\d+)\]/g)) {
      value = index === undefined ? (value as ValueMap)[name!] : (value as Value[])[Number(index)];
    }
    return value;
  };
  const titles = shownRequest.map(({ title }) => title);
  expect(titles).toContain('Records (topic: orders, partition: 3)');
  expect(titles).toContain('Record [0] Value (topic: orders, partition: 3)');
  let checked = 0;
  for (const section of [...shownRequest, ...shownResponse]) {
    if (section.kind === 'table') {
      for (const row of section.rows) {
        if (row.path === undefined) continue;
        const value = read(row.path);
        expect(value, row.path).not.toBeUndefined();
        checked++;
      }
    } else if (section.kind === 'grid') {
      for (const each of section.paths ?? []) expect(read(each), each).not.toBeUndefined();
    } else if (section.kind === 'body') expect(read(section.path!)).toBe(section.content);
  }
  expect(checked).toBeGreaterThan(20);
});

test('mutated streams neither throw nor run away', () => {
  const random = seededRandom(21);
  const talk = longTalk();
  const until = Date.now() + 2000;
  let streams = 0;
  while (streams < 6000 && Date.now() < until) {
    const events = talk.map((event) => {
      if ('lost' in event || random() < 0.6) return event;
      const bytes = Uint8Array.from(event.bytes);
      const hits = 1 + Math.floor(random() * 4);
      for (let i = 0; i < hits; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      const to = random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length;
      return { from: event.from, bytes: bytes.subarray(0, Math.max(1, to)) };
    });
    const entries = entriesOf(protocols, events, { redact: random() < 0.5 });
    for (const { request: asked, response: told } of entries) {
      kafkaProtocol.describe({ request: asked, response: told });
    }
    expect(entries.length).toBeLessThan(100);
    streams++;
  }
  expect(streams).toBeGreaterThan(50);
});
