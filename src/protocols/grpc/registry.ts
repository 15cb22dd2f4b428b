/**
 * The types that messages are decoded by, of this process: the user's files first, then what servers told
 * by reflection on the wire, then what every call may carry.
 */
import type { GivenSchemas, ReadSchemaFile, SchemaFile } from '../../dissect/contract.ts';
import type { TypeSource } from './decode-state.ts';
import { contentOfMessage } from './message-content.ts';
import { readMessagePayload } from './payload.ts';
import { type Declarations, type MessageSchema, type MethodSchema, TypeTable } from './schema.ts';
import { declarationsOfFile, filesOfSet, nameOfFile } from './schema-descriptor.ts';
import { declarationsOfTexts } from './schema-proto.ts';
import { wellKnownTexts } from './well-known.ts';
import { FieldWalk, Wire } from './wire.ts';

/** What servers may tell all in all. */
const maxLearntBytes = 64 << 20;
const maxLearntFiles = 10_000;

export type ProtoFile = SchemaFile;

export type LoadedProtos = GivenSchemas;

class Registry implements TypeSource {
  #given = new TypeTable();
  readonly #learnt = new TypeTable();
  #wellKnown: TypeTable | undefined;
  readonly #learntFiles = new Map<string, number>();
  #learntBytes = 0;

  message(name: string): MessageSchema | undefined {
    return this.#given.message(name) ?? this.#learnt.message(name) ?? this.#builtIn().message(name);
  }

  enumeration(name: string): ReadonlyMap<number, string> | undefined {
    return (
      this.#given.enumeration(name) ??
      this.#learnt.enumeration(name) ??
      this.#builtIn().enumeration(name)
    );
  }

  method(path: string): MethodSchema | undefined {
    return this.#given.method(path) ?? this.#learnt.method(path) ?? this.#builtIn().method(path);
  }

  give(files: readonly ProtoFile[]): LoadedProtos {
    const texts: { name: string; text: string }[] = [];
    const problems: string[] = [];
    const said = new Map<string, readonly Declarations[]>();
    for (const { name, bytes } of files) {
      if (name.endsWith('.proto')) {
        texts.push({ name, text: new TextDecoder().decode(bytes) });
        continue;
      }
      const parts = filesOfSet(bytes)?.map(declarationsOfFile) ?? [];
      const good = parts.filter((each) => each !== undefined);
      said.set(name, good);
      if (good.length === 0 || good.length < parts.length) {
        problems.push(`${name}: neither a .proto file nor a descriptor set`);
      }
    }
    const parsed = declarationsOfTexts(texts);
    const table = new TypeTable();
    for (const declarations of said.values()) for (const each of declarations) table.add(each);
    for (const [name, declarations] of parsed.byFile) {
      table.add(declarations);
      said.set(name, [declarations]);
    }
    this.#given = table;
    const all = [...said.values()].flat();
    return {
      messages: all.reduce((sum, { messages }) => sum + messages.length, 0),
      methods: all.reduce((sum, { methods }) => sum + methods.length, 0),
      problems: [...problems, ...parsed.problems],
      files: files.map((file) => readFile(file, said.get(file.name) ?? [])),
    };
  }

  /** A FileDescriptorProto that a server has sent. True when it is new. */
  learn(file: Uint8Array): boolean {
    const name = nameOfFile(file);
    if (this.#learntFiles.get(name) === file.length) return false;
    const { size } = this.#learntFiles;
    if (size >= maxLearntFiles || this.#learntBytes + file.length > maxLearntBytes) return false;
    const declarations = declarationsOfFile(file);
    if (declarations === undefined) return false;
    this.#learntFiles.set(name, file.length);
    this.#learntBytes += file.length;
    this.#learnt.add(declarations);
    return true;
  }

  #builtIn(): TypeTable {
    if (this.#wellKnown === undefined) {
      const files = wellKnownTexts.map((text, i) => ({ name: `built in ${i}`, text }));
      this.#wellKnown = new TypeTable();
      for (const each of declarationsOfTexts(files).byFile.values()) this.#wellKnown.add(each);
    }
    return this.#wellKnown;
  }
}

function readFile({ name, bytes }: ProtoFile, said: readonly Declarations[]): ReadSchemaFile {
  const services = new Map<string, string[]>();
  for (const [path] of said.flatMap(({ methods }) => methods)) {
    const [, service = '', method = ''] = path.split('/');
    const known = services.get(service);
    if (known === undefined) services.set(service, [method]);
    else known.push(method);
  }
  const messages = said.flatMap((each) => each.messages).filter(({ isMapEntry }) => !isMapEntry);
  return {
    name,
    bytes: bytes.length,
    messages: messages.map((each) => each.name),
    services: [...services].map(([service, methods]) => ({ name: service, methods })),
  };
}

const registry = new Registry();

/** Where decoding looks types up. */
export const types: TypeSource = registry;

/** Takes the user's files in place of those given before: `.proto` texts and descriptor sets. */
export function giveProtos(files: readonly ProtoFile[]): LoadedProtos {
  return registry.give(files);
}

const reflectionPath = /^\/grpc\.reflection\.v1(?:alpha)?\.ServerReflection\/ServerReflectionInfo$/;
/** Of ServerReflectionResponse, and of the FileDescriptorResponse in it. */
const fileResponse = 4;
const fileDescriptor = 1;

/**
 * Learns types from the kept bytes of a server's answer to reflection; all others cost a comparison. True
 * when something new was learnt.
 */
export function learnFromAnswer(response: Uint8Array): boolean {
  const kept = readMessagePayload(response);
  if (kept === undefined || !reflectionPath.test(kept.path)) return false;
  const { bytes } = contentOfMessage(kept);
  const answer = new FieldWalk(bytes, 0, bytes.length);
  let isNew = false;
  while (answer.next()) {
    if (answer.number !== fileResponse || answer.wireType !== Wire.Bytes) continue;
    const files = new FieldWalk(bytes, answer.from, answer.to);
    while (files.next()) {
      if (files.number !== fileDescriptor || files.wireType !== Wire.Bytes) continue;
      isNew = registry.learn(bytes.slice(files.from, files.to)) || isNew;
    }
  }
  return isNew;
}
