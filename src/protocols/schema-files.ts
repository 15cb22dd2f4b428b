/** `--proto DIR|FILE`: files and folders of users → what protocols read messages by. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { GivenSchemas, SchemaFile } from '../dissect/contract.ts';
import { protocols } from './index.ts';

const maxFiles = 10_000;
const maxFileBytes = 64 << 20;
const maxFolderDepth = 32;
const wanted = /\.(?:proto|pb|protoset|desc|binpb|fds|protobin)$/i;

export interface ReadFiles {
  readonly files: readonly SchemaFile[];
  /** What could not be read, in words. */
  readonly problems: readonly string[];
}

/**
 * Reads `.proto` files and compiled descriptor sets (`protoc --include_imports --descriptor_set_out`),
 * folders with all below them. Nothing throws.
 */
export async function readSchemaFiles(paths: readonly string[]): Promise<ReadFiles> {
  const files: SchemaFile[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      const before = files.length;
      if ((await stat(path)).isDirectory()) await readFolder(path, path, files, problems, 0);
      else await readOne(path, path, files, problems);
      if (files.length === before) problems.push(`${path}: no .proto file or descriptor set`);
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { files, problems };
}

let filesInForce: readonly SchemaFile[] = [];
let inForce: GivenSchemas = { messages: 0, methods: 0, problems: [], files: [] };

/** The files that messages are read by now, however they came, and what they say. */
export const schemasInForce = (): GivenSchemas => inForce;
export const schemaFilesInForce = (): readonly SchemaFile[] => filesInForce;

/** Hands the files to all protocols that read by such; they replace those given before. */
export function giveSchemaFiles({ files, problems }: ReadFiles): GivenSchemas {
  filesInForce = files;
  const given = protocols.flatMap((protocol) => protocol.giveSchemas?.(files) ?? []);
  inForce = {
    messages: given.reduce((sum, { messages }) => sum + messages, 0),
    methods: given.reduce((sum, { methods }) => sum + methods, 0),
    problems: [...problems, ...given.flatMap((each) => each.problems)],
    files: given.flatMap((each) => each.files),
  };
  return inForce;
}

async function readFolder(
  root: string,
  folder: string,
  files: SchemaFile[],
  problems: string[],
  depth: number,
): Promise<void> {
  if (depth > maxFolderDepth) return;
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await readFolder(root, path, files, problems, depth + 1);
    else if (wanted.test(entry.name)) await readOne(path, relative(root, path), files, problems);
  }
}

async function readOne(
  path: string,
  name: string,
  files: SchemaFile[],
  problems: string[],
): Promise<void> {
  if (files.length >= maxFiles) return;
  const { size } = await stat(path);
  if (size > maxFileBytes) {
    problems.push(`${name}: larger than ${maxFileBytes.toLocaleString('en')} bytes`);
    return;
  }
  files.push({ name, bytes: await readFile(path) });
}
