/** Types of Protocol Buffers by their full names, wherever they were learnt. */

/** The number is that of FieldDescriptorProto.Type. */
export const Scalar = {
  Double: 1,
  Float: 2,
  Int64: 3,
  Uint64: 4,
  Int32: 5,
  Fixed64: 6,
  Fixed32: 7,
  Bool: 8,
  String: 9,
  Group: 10,
  Message: 11,
  Bytes: 12,
  Uint32: 13,
  Enum: 14,
  Sfixed32: 15,
  Sfixed64: 16,
  Sint32: 17,
  Sint64: 18,
} as const;

export interface FieldSchema {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  /** `Scalar` */
  readonly type: number;
  /** Of messages, groups and enums: the full name, without a leading dot. */
  readonly typeName: string;
}

export interface MessageSchema {
  readonly name: string;
  readonly fields: ReadonlyMap<number, FieldSchema>;
  /** The entries of a map: field 1 is the key, 2 the value. */
  readonly isMapEntry: boolean;
}

export interface MethodSchema {
  /** Full names of messages. */
  readonly input: string;
  readonly output: string;
  readonly clientStreams: boolean;
  readonly serverStreams: boolean;
}

/** What a file declares. */
export interface Declarations {
  readonly messages: readonly MessageSchema[];
  readonly enums: readonly (readonly [name: string, values: ReadonlyMap<number, string>])[];
  /** By path: `/shop.Cart/Add`. */
  readonly methods: readonly (readonly [path: string, method: MethodSchema])[];
}

/** Types of one kind that are kept; more are no user's. */
const maxTypes = 100_000;

/** All declarations that are known; the one that comes last counts. */
export class TypeTable {
  readonly #messages = new Map<string, MessageSchema>();
  readonly #enums = new Map<string, ReadonlyMap<number, string>>();
  readonly #methods = new Map<string, MethodSchema>();

  add({ messages, enums, methods }: Declarations): void {
    for (const message of messages) put(this.#messages, message.name, message);
    for (const [name, values] of enums) put(this.#enums, name, values);
    for (const [path, method] of methods) put(this.#methods, path, method);
  }

  message(name: string): MessageSchema | undefined {
    return this.#messages.get(name);
  }

  enumeration(name: string): ReadonlyMap<number, string> | undefined {
    return this.#enums.get(name);
  }

  method(path: string): MethodSchema | undefined {
    return this.#methods.get(path);
  }
}

function put<Type>(map: Map<string, Type>, name: string, value: Type): void {
  if (map.size < maxTypes || map.has(name)) map.set(name, value);
}
