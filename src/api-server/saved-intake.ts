/** What has been taken from tappers, kept over a restart: nothing is counted twice. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const joinFile = 'joined';
const takenFile = 'taken.json';
const takenSchema = z.array(z.tuple([z.string(), z.number().int().nonnegative()]));

export interface SavedIntake {
  /** Tapper process → newest batch taken. */
  readonly taken: [string, number][];
  /** Of `Join.save`. */
  readonly join: Uint8Array;
}

/** Throws the system's error. */
export function saveIntake(folder: string, { taken, join }: SavedIntake): void {
  mkdirSync(folder, { recursive: true });
  replace(path.join(folder, joinFile), join);
  replace(path.join(folder, takenFile), JSON.stringify(taken));
}

function replace(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/** What the process before saved; nothing where it could not. */
export function loadIntake(folder: string): SavedIntake {
  const join = read(path.join(folder, joinFile)) ?? new Uint8Array(0);
  const text = read(path.join(folder, takenFile));
  return { join, taken: text === undefined ? [] : parseTaken(text.toString()) };
}

function parseTaken(text: string): [string, number][] {
  try {
    return takenSchema.safeParse(JSON.parse(text)).data ?? [];
  } catch {
    return [];
  }
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
