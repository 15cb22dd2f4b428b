/** Text of `.proto` files → types. Parsed by protobufjs; names that do not resolve stay unknown. */
import protobuf from 'protobufjs';
import type { MethodSchema } from './schema.ts';
import { type Declarations, type FieldSchema, type MessageSchema, Scalar } from './schema.ts';

const { Enum, Field, MapField, Namespace, parse, Root, Service, Type } = protobuf;

const scalars: Readonly<Record<string, number>> = {
  double: Scalar.Double,
  float: Scalar.Float,
  int64: Scalar.Int64,
  uint64: Scalar.Uint64,
  int32: Scalar.Int32,
  fixed64: Scalar.Fixed64,
  fixed32: Scalar.Fixed32,
  bool: Scalar.Bool,
  string: Scalar.String,
  bytes: Scalar.Bytes,
  uint32: Scalar.Uint32,
  sfixed32: Scalar.Sfixed32,
  sfixed64: Scalar.Sfixed64,
  sint32: Scalar.Sint32,
  sint64: Scalar.Sint64,
};

interface Found {
  readonly messages: MessageSchema[];
  readonly enums: [string, ReadonlyMap<number, string>][];
  readonly methods: [string, MethodSchema][];
}

export interface ParsedFiles {
  /** By name of the file. */
  readonly byFile: ReadonlyMap<string, Declarations>;
  /** In words, by file. */
  readonly problems: readonly string[];
}

/** Files of one tree: names may be declared in one and used in another, whatever they import. */
export function declarationsOfTexts(
  files: readonly { readonly name: string; readonly text: string }[],
): ParsedFiles {
  const root = new Root();
  const problems: string[] = [];
  for (const { name, text } of files) {
    try {
      // A property of the function: what is declared is marked with it.
      Object.assign(parse, { filename: name });
      parse(text, root, { keepCase: true });
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const byFile = new Map<string, Found>();
  walk(root, 0, (object) => {
    const file = object.filename ?? '';
    const own = byFile.get(file) ?? { messages: [], enums: [], methods: [] };
    byFile.set(file, own);
    if (object instanceof Enum) {
      const values = Object.entries(object.values).map(([key, value]): [number, string] => [
        value,
        key,
      ]);
      own.enums.push([nameOf(object), new Map(values.toReversed())]);
    } else if (object instanceof Type) addType(own.messages, object);
    else if (object instanceof Service) addMethods(own.methods, object);
  });
  return { byFile, problems };
}

const maxNesting = 64;

function walk(
  space: protobuf.NamespaceBase,
  depth: number,
  visit: (object: protobuf.ReflectionObject) => void,
): void {
  if (depth > maxNesting) return;
  for (const object of space.nestedArray) {
    visit(object);
    if (object instanceof Namespace) walk(object, depth + 1, visit);
    else if (object instanceof Type || object instanceof Service) walk(object, depth + 1, visit);
  }
}

function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '');
}

/** What a name in a declaration refers to; its own text when nothing declares it. */
function referred(scope: protobuf.NamespaceBase, name: string): readonly [string, number] {
  const found = scope.lookup(name);
  if (found instanceof Enum) return [nameOf(found), Scalar.Enum];
  if (found instanceof Type) return [nameOf(found), Scalar.Message];
  return [name.replace(/^\./, ''), Scalar.Message];
}

function schemaOf(
  scope: protobuf.NamespaceBase,
  name: string,
  number: number,
  repeated: boolean,
  typeText: string,
): FieldSchema {
  const scalar = Object.hasOwn(scalars, typeText) ? scalars[typeText] : undefined;
  if (scalar !== undefined) return { name, number, repeated, type: scalar, typeName: '' };
  const [typeName, type] = referred(scope, typeText);
  return { name, number, repeated, type, typeName };
}

function addType(messages: MessageSchema[], type: protobuf.Type): void {
  const fields = new Map<number, FieldSchema>();
  for (const field of type.fieldsArray) {
    if (field instanceof MapField) {
      const entry = `${nameOf(type)}.${field.name} (map)`;
      const key = schemaOf(type, 'key', 1, false, field.keyType);
      const value = schemaOf(type, 'value', 2, false, field.type);
      messages.push({
        name: entry,
        fields: new Map([
          [1, key],
          [2, value],
        ]),
        isMapEntry: true,
      });
      const map = { name: field.name, number: field.id, repeated: true };
      fields.set(field.id, { ...map, type: Scalar.Message, typeName: entry });
    } else if (field instanceof Field) {
      fields.set(field.id, schemaOf(type, field.name, field.id, field.repeated, field.type));
    }
  }
  messages.push({ name: nameOf(type), fields, isMapEntry: false });
}

function addMethods(methods: [string, MethodSchema][], service: protobuf.Service): void {
  for (const method of service.methodsArray) {
    methods.push([
      `/${nameOf(service)}/${method.name}`,
      {
        input: referred(service, method.requestType)[0],
        output: referred(service, method.responseType)[0],
        clientStreams: method.requestStream === true,
        serverStreams: method.responseStream === true,
      },
    ]);
  }
}
