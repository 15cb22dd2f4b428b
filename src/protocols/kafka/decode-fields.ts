/** A layout and bytes → values by the names of Kafka's definitions. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { numberValue, type Reader } from './decode-reader.ts';
import { readable } from './decode-value.ts';
import { errorCodes, type Field, type FieldType, type Layout } from './schema.ts';

/** What is needed beside the bytes. */
export interface FieldContext {
  /** Names of topics by their ids. */
  readonly topics?: ReadonlyMap<string, string>;
  /** Reads a field of type records; undefined: shown as bytes. */
  readonly records?: (bytes: Uint8Array) => ValueMap;
  /** Looks into the bytes of a field: the assignment of a group's member. */
  readonly bytes?: (name: string, bytes: Uint8Array) => Value;
  /** How many elements may still be read: set it to a limit of your own. */
  budget?: { elements: number };
}

/** Elements of arrays, and tagged fields, per message when the context does not say. */
const maxElements = 200_000;

/** Reads until the layout or the bytes end; `reader.ended` says which. */
export function readLayout(reader: Reader, layout: Layout, context: FieldContext): ValueMap {
  context.budget ??= { elements: maxElements };
  const values: ValueMap = {};
  let topicId: Field | undefined;
  for (const field of layout.fields) {
    if (reader.ended) return values;
    values[field.name] = readField(reader, field, layout.flexible, context);
    if (field.role === 'I') {
      topicId = field;
      nameOldTopic(values, field, layout, context);
    }
    if (field.role === 'E') nameError(values, field.name);
  }
  if (layout.flexible && !reader.ended) readTags(reader, layout, values, context);
  if (topicId !== undefined) nameTopic(values, topicId, layout, context);
  return values;
}

/** The error's name stands beside its code: `errorCode` 3, `errorName`. */
function nameError(values: ValueMap, name: string): void {
  const code = values[name];
  if (typeof code !== 'number' || code === 0) return;
  values[name.replace(/Code$/, 'Name')] = errorName(code);
}

export function errorName(code: number): string {
  return errorCodes.get(code) ?? `ERROR_${code}`;
}

/** A topic that is known by its id alone gets the name that was learnt, under its name of before. */
function nameOldTopic(values: ValueMap, id: Field, layout: Layout, context: FieldContext): void {
  const name = context.topics?.get(String(values[id.name]));
  const isNamed = layout.fields.some(({ role, isArray }) => role === 'T' && !isArray);
  if (name !== undefined && !isNamed) values[layout.topicName ?? 'topicName'] = name;
}

/** The same where the layout has room for a name, and there is none in it. */
function nameTopic(values: ValueMap, id: Field, layout: Layout, context: FieldContext): void {
  const name = context.topics?.get(String(values[id.name]));
  const named = layout.fields.find(({ role, isArray }) => role === 'T' && !isArray);
  if (name !== undefined && named !== undefined) values[named.name] ??= name;
}

function readField(reader: Reader, field: Field, flexible: boolean, context: FieldContext): Value {
  if (!field.isArray) return readValue(reader, field, flexible, context);
  const count = flexible ? reader.variable() - 1 : reader.int32();
  if (count < 0) return null;
  const elements: Value[] = [];
  for (let i = 0; i < count && !reader.ended; i++) {
    if (--context.budget!.elements < 0) {
      reader.ended = true;
      break;
    }
    const element = readValue(reader, field, flexible, context, true);
    if (!reader.ended || reader.left > 0 || field.layout !== undefined) elements.push(element);
  }
  return elements;
}

function readValue(
  reader: Reader,
  field: Field,
  flexible: boolean,
  context: FieldContext,
  isElement = false,
): Value {
  const { type, layout } = field;
  if (layout !== undefined) {
    if (field.isNullable && !isElement && reader.int8() < 0) return null;
    return readLayout(reader, layout, context);
  }
  if (type !== 's' && type !== 'B' && type !== 'R') return readNumber(reader, type);
  const length = flexible ? reader.variable() - 1 : type === 's' ? reader.int16() : reader.int32();
  if (length < 0) return null;
  if (type === 's') return reader.text(length);
  const bytes = reader.view(length);
  if (type === 'R' && context.records !== undefined) return context.records(bytes);
  const known = context.bytes?.(field.name, bytes);
  return known === undefined ? readable(bytes).text : known;
}

function readNumber(reader: Reader, type: FieldType): Value {
  switch (type) {
    case 'b':
      return reader.int8() !== 0;
    case 'i1':
      return reader.int8();
    case 'i2':
      return reader.int16();
    case 'u2':
      return reader.uint16();
    case 'i4':
      return reader.int32();
    case 'u4':
      return reader.uint32();
    case 'i8':
      return numberValue(reader.int64());
    case 'f8':
      return reader.float64();
    default:
      return Buffer.from(reader.view(16)).toString('base64url');
  }
}

/** count · (tag · size · value)*; those that the layout does not know are kept as bytes. */
function readTags(reader: Reader, layout: Layout, values: ValueMap, context: FieldContext): void {
  const count = reader.variable();
  const unknown: ValueMap = {};
  for (let i = 0; i < count && !reader.ended; i++) {
    if (--context.budget!.elements < 0) return;
    const tag = reader.variable();
    const size = reader.variable();
    const from = reader.at;
    const field = layout.tagged.find((each) => each.tag === tag);
    if (field === undefined) {
      unknown[`tag ${tag}`] = readable(reader.view(size)).text;
      values['unknownTags'] = unknown;
      continue;
    }
    values[field.name] = readField(reader, field, true, context);
    if (reader.at !== from + size && !reader.ended) {
      reader.at = Math.min(reader.end, from + size);
    }
  }
}
