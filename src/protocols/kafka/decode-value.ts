/** Bytes of a key, a value or a header → what people can read. */
import { isUtf8 } from 'node:buffer';
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { numberValue, Reader } from './decode-reader.ts';

/** Bytes as text, or as base64 when they are not text. */
export interface ReadableBytes {
  readonly text: string;
  readonly encoding: 'base64' | undefined;
  /** Number of the schema in a registry, when the bytes begin as its serialisers write them. */
  readonly schemaId: number | undefined;
}

/** Schema ids are given out from 1 upwards; numbers above are rather data that begins with a 0. */
const maxSchemaId = 1 << 24;
/** The magic byte 0 and the schema id. */
const registryBytes = 5;

/** The format of schema registries: 0 · u32 schema id · the value in Avro, Protobuf or JSON. */
function schemaIdOf(bytes: Uint8Array): number | undefined {
  if (bytes.length <= registryBytes || bytes[0] !== 0 || bytes[1] !== 0) return undefined;
  const id = (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!;
  return id > 0 && id < maxSchemaId ? id : undefined;
}

/**
 * Bytes as text when all of them are: UTF-8 without control characters that no text has. What only begins
 * like text, or has a mark of UTF-16 in front, is rather a number or a hash.
 */
function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
}

/** A registry's schema id is taken off; the rest is the value. */
export function readable(bytes: Uint8Array): ReadableBytes {
  const schemaId = schemaIdOf(bytes);
  const content = schemaId === undefined ? bytes : bytes.subarray(registryBytes);
  const text = textOf(content);
  if (text !== undefined) return { text, encoding: undefined, schemaId };
  const { buffer, byteOffset, length } = content;
  const base64 = Buffer.from(buffer, byteOffset, length).toString('base64');
  return { text: base64, encoding: 'base64', schemaId };
}

/**
 * What Kafka's serialisers of Integer and Long have written, if they have: 4 or 8 bytes, big-endian. A Long
 * from 2^24 to 2^48 begins as the bytes of a schema registry do, so both readings are given.
 */
function numberOf(bytes: Uint8Array): Value {
  if (bytes.length === 4) return new Reader(bytes).int32();
  return bytes.length === 8 ? numberValue(new Reader(bytes).int64()) : undefined;
}

/** Members of a record for its key or value. */
export function namedBytes(name: 'key' | 'value', bytes: Uint8Array | null): ValueMap {
  if (bytes === null) return { [name]: null };
  const { text, encoding, schemaId } = readable(bytes);
  const number = encoding === undefined ? undefined : numberOf(bytes);
  return {
    [name]: text,
    ...(encoding !== undefined && { [`${name}Encoding`]: encoding }),
    ...(schemaId !== undefined && { [`${name}SchemaId`]: schemaId }),
    ...(number !== undefined && { [`${name}Number`]: number }),
  };
}
