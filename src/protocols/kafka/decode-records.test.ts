/** Records of random keys, values, headers and times read back as an independent encoder wrote them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ValueMap } from '../../dissect/contract.ts';
import { RecordBudget, readRecords } from './decode-records.ts';
import { batch, type Codec, join, messageSet, type TestRecord } from './test-encode.ts';

const utf8 = (text: string) => Buffer.from(text, 'utf8');
const text = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 40 }).filter((each) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they make text binary
  return !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(each);
});
/** No UTF-8, and too long for a number. */
const binary = fc
  .uint8Array({ minLength: 9, maxLength: 300 })
  .map((bytes) => Uint8Array.of(0xff, ...bytes));
const content = fc.oneof(fc.constant(null), text, binary);
type Content = string | Uint8Array | null;

const asBytes = (value: Content) => (typeof value === 'string' ? utf8(value) : value);
const asShown = (value: Content) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;

const record = fc.record({
  key: content,
  value: content,
  headers: fc.uniqueArray(fc.tuple(text, content), { selector: ([name]) => name, maxLength: 4 }),
  timestampDelta: fc.integer({ min: -1_000_000, max: 2_000_000_000 }),
});
type Made = typeof record extends fc.Arbitrary<infer Each> ? Each : never;

const codecs: Codec[] = ['none', 'gzip', 'snappy', 'xerial', 'lz4', 'zstd'];
const records = fc.array(record, { minLength: 1, maxLength: 20 });
const part = fc.record({
  records,
  codec: fc.constantFrom(...codecs),
  baseOffset: fc.integer({ min: 0, max: 2 ** 50 }),
});

const encoded = ({ key, value, headers, timestampDelta }: Made): TestRecord => ({
  key: asBytes(key),
  value: asBytes(value),
  headers: headers.map(([name, each]) => [name, asBytes(each)] as const),
  timestampDelta,
});

function shown({ key, value, headers, timestampDelta }: Made, offset: number): ValueMap {
  return {
    offset,
    timestamp: 1_700_000_000_000 + timestampDelta,
    key: asShown(key),
    ...(key instanceof Uint8Array && { keyEncoding: 'base64' }),
    value: asShown(value),
    ...(value instanceof Uint8Array && { valueEncoding: 'base64' }),
    headers: Object.fromEntries(headers.map(([name, each]) => [name, asShown(each)])),
  };
}

test('batches, compressed or not, of any number after each other', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
      const bytes = join(
        ...parts.map((each) => batch({ ...each, records: each.records.map(encoded) })),
      );
      const { recordBatch } = readRecords(bytes, new RecordBudget()) as { recordBatch: ValueMap };
      const wanted = parts.flatMap((each) =>
        each.records.map((made, i) => shown(made, each.baseOffset + i)),
      );
      expect(recordBatch['record']).toEqual(wanted);
      expect(recordBatch['recordCount']).toBe(wanted.length);
      expect(recordBatch['remark']).toBeUndefined();
    }),
    { numRuns: 150, seed: 41 },
  );
});

test('what is cut anywhere shows the records before, and says so', () => {
  fc.assert(
    fc.property(records, fc.nat(), (made, place) => {
      const bytes = batch({ records: made.map(encoded) });
      const cut = bytes.subarray(0, place % bytes.length);
      const { recordBatch } = readRecords(cut, new RecordBudget()) as { recordBatch: ValueMap };
      const found = (recordBatch['record'] as ValueMap[]).filter((each) => each['cut'] !== true);
      expect(found).toEqual(made.slice(0, found.length).map(shown));
      expect(recordBatch['remark'], `${cut.length}`).toEqual(
        cut.length === 0 ? undefined : expect.stringMatching('cut'),
      );
    }),
    { numRuns: 300, seed: 42 },
  );
});

test('message sets of formats 0 and 1', () => {
  const pairs = fc.array(fc.tuple(fc.option(text), text), { minLength: 1, maxLength: 20 });
  const old: Codec[] = ['none', 'gzip', 'snappy', 'xerial', 'lz4'];
  const offsets = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(
    fc.property(pairs, fc.constantFrom(0, 1), fc.constantFrom(...old), offsets, (...made) => {
      const [values, magic, codec, first] = made;
      const bytes = messageSet(magic as 0 | 1, values, codec, first);
      const { recordBatch } = readRecords(bytes, new RecordBudget()) as { recordBatch: ValueMap };
      const wanted = values.map(([key, value], i) => ({ offset: first + i, key, value }));
      expect(recordBatch['record']).toMatchObject(wanted);
      expect(recordBatch['recordCount']).toBe(wanted.length);
    }),
    { numRuns: 150, seed: 43 },
  );
});
