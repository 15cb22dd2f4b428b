/** Compiled descriptors (google/protobuf/descriptor.proto) → types. */
import type { Declarations, FieldSchema, MessageSchema, MethodSchema } from './schema.ts';
import { FieldWalk, Wire } from './wire.ts';

/** Types within types. */
const maxNesting = 32;
const repeatedLabel = 3;

interface Found {
  readonly messages: MessageSchema[];
  readonly enums: (readonly [string, ReadonlyMap<number, string>])[];
  readonly methods: (readonly [string, MethodSchema])[];
}

/** Values of a message's fields by number: numbers, or bytes. */
type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

const noValues: readonly (number | Uint8Array)[] = [];

/** Undefined when the bytes are no message. */
function fieldsOf(bytes: Uint8Array): Fields | undefined {
  const fields = new Map<number, (number | Uint8Array)[]>();
  const walk = new FieldWalk(bytes, 0, bytes.length);
  while (walk.next()) {
    const value = walk.wireType === Wire.Varint ? walk.low : bytes.subarray(walk.from, walk.to);
    const known = fields.get(walk.number);
    if (known === undefined) fields.set(walk.number, [value]);
    else known.push(value);
  }
  return walk.broken ? undefined : fields;
}

function textOf(fields: Fields, number: number): string {
  const value = fields.get(number)?.at(-1);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}

function numberOf(fields: Fields, number: number): number {
  const value = fields.get(number)?.at(-1);
  return typeof value === 'number' ? value : 0;
}

function messagesOf(fields: Fields, number: number): Fields[] {
  return (fields.get(number) ?? noValues).flatMap((value) => {
    const inner = value instanceof Uint8Array ? fieldsOf(value) : undefined;
    return inner === undefined ? [] : [inner];
  });
}

/** A FileDescriptorProto; undefined when it is none. */
export function declarationsOfFile(bytes: Uint8Array): Declarations | undefined {
  const file = fieldsOf(bytes);
  if (file === undefined) return undefined;
  const found: Found = { messages: [], enums: [], methods: [] };
  const scope = textOf(file, 2);
  for (const message of messagesOf(file, 4)) addMessage(found, message, scope, 0);
  for (const each of messagesOf(file, 5)) addEnum(found, each, scope);
  for (const service of messagesOf(file, 6)) addService(found, service, scope);
  return found;
}

/** The files of a FileDescriptorSet (`protoc --descriptor_set_out`); undefined when it is none. */
export function filesOfSet(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const set = fieldsOf(bytes);
  const files = set?.get(1)?.filter((each) => each instanceof Uint8Array);
  return files === undefined || files.length === 0 ? undefined : files;
}

/** Path of a FileDescriptorProto as its compiler knew it: `shop/cart.proto`. */
export function nameOfFile(bytes: Uint8Array): string {
  const file = fieldsOf(bytes);
  return file === undefined ? '' : textOf(file, 1);
}

/** A name that JavaScript gives another meaning cannot be a member's. */
function memberName(name: string): string {
  return name === '__proto__' ? '_proto_' : name;
}

function scoped(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}

function addMessage(found: Found, message: Fields, scope: string, depth: number): void {
  const name = scoped(scope, textOf(message, 1));
  const options = messagesOf(message, 7)[0];
  const fields = new Map<number, FieldSchema>();
  for (const field of messagesOf(message, 2)) {
    const number = numberOf(field, 3);
    fields.set(number, {
      name: memberName(textOf(field, 1)),
      number,
      repeated: numberOf(field, 4) === repeatedLabel,
      type: numberOf(field, 5),
      typeName: textOf(field, 6).replace(/^\./, ''),
    });
  }
  const isMapEntry = options !== undefined && numberOf(options, 7) === 1;
  found.messages.push({ name, fields, isMapEntry });
  for (const each of messagesOf(message, 4)) addEnum(found, each, name);
  if (depth >= maxNesting) return;
  for (const nested of messagesOf(message, 3)) addMessage(found, nested, name, depth + 1);
}

function addEnum(found: Found, each: Fields, scope: string): void {
  const values = messagesOf(each, 2).map((value): [number, string] => [
    numberOf(value, 2) | 0,
    textOf(value, 1),
  ]);
  // Of aliases the first counts.
  found.enums.push([scoped(scope, textOf(each, 1)), new Map(values.toReversed())]);
}

function addService(found: Found, service: Fields, scope: string): void {
  const name = scoped(scope, textOf(service, 1));
  for (const method of messagesOf(service, 2)) {
    found.methods.push([
      `/${name}/${textOf(method, 1)}`,
      {
        input: textOf(method, 2).replace(/^\./, ''),
        output: textOf(method, 3).replace(/^\./, ''),
        clientStreams: numberOf(method, 5) === 1,
        serverStreams: numberOf(method, 6) === 1,
      },
    ]);
  }
}
