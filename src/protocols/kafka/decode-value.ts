/** Bytes of a key, a value or a header → what people can read. */
import type { ValueMap } from '../../dissect/contract.ts';
import { decodeText } from '../http/decode-text.ts';

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

/** A registry's schema id is taken off; the rest is the value. */
export function readable(bytes: Uint8Array): ReadableBytes {
  const schemaId = schemaIdOf(bytes);
  const content = schemaId === undefined ? bytes : bytes.subarray(registryBytes);
  const text = decodeText(content, '')?.text;
  if (text !== undefined) return { text, encoding: undefined, schemaId };
  const { buffer, byteOffset, length } = content;
  const base64 = Buffer.from(buffer, byteOffset, length).toString('base64');
  return { text: base64, encoding: 'base64', schemaId };
}

/** Members of a record for its key or value. */
export function namedBytes(name: 'key' | 'value', bytes: Uint8Array | null): ValueMap {
  if (bytes === null) return { [name]: null };
  const { text, encoding, schemaId } = readable(bytes);
  return {
    [name]: text,
    ...(encoding !== undefined && { [`${name}Encoding`]: encoding }),
    ...(schemaId !== undefined && { [`${name}SchemaId`]: schemaId }),
  };
}
