/** `--proto DIR|FILE`: files and folders → types. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { giveProtos, type LoadedProtos, type ProtoFile } from './registry.ts';

const maxFiles = 10_000;
const maxFileBytes = 64 << 20;
const maxFolderDepth = 32;
const wanted = /\.(?:proto|pb|protoset|desc|binpb|fds|protobin)$/i;

/**
 * Reads `.proto` files and compiled descriptor sets (`protoc --include_imports --descriptor_set_out`),
 * folders with all below them. They take the place of those loaded before. What cannot be read or parsed
 * is said in `problems`; nothing throws.
 */
export async function loadProtos(paths: readonly string[]): Promise<LoadedProtos> {
  const files: ProtoFile[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      const before = files.length;
      if ((await stat(path)).isDirectory()) await readFolder(path, path, files, problems, 0);
      else await readOne(path, path, files, problems);
      if (files.length === before) problems.push(`${path}: no .proto file or descriptor set`);
    } catch (error) {
      problems.push(`${path}: ${reason(error)}`);
    }
  }
  const loaded = giveProtos(files);
  return { ...loaded, problems: [...problems, ...loaded.problems] };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readFolder(
  root: string,
  folder: string,
  files: ProtoFile[],
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
  files: ProtoFile[],
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
