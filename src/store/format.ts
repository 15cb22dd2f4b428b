/**
 * The format of a store's folder: written with it, read before anything in it is touched.
 *
 *   mizu-store.json   {"format": 2, "mizu": "0.1.0"}
 *
 * `format` says what the files look like, `mizu` which version made them so. A folder with segments and
 * without this file is of format 1.
 */
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { version } from '../version.ts';
import { moveAside } from './aside.ts';
import { StoreError } from './store-error.ts';

/**
 * Raised with every change that a program before it would stumble over: another column, another block
 * in the payload file, another version of DuckDB's files. 2: the folder says its format.
 */
export const storeFormat = 2;
/** Older ones than this cannot be brought up to date. */
const oldestFormat = 1;
const unmarkedFormat = 1;

const formatName = 'mizu-store.json';
const maxFormatBytes = 4096;

export interface FoundFormat {
  /** NaN: the file cannot be read. */
  readonly format: number;
  /** The program that wrote it; empty when that is not known. */
  readonly writtenBy: string;
}

/** What a folder says of itself; undefined when nothing is stored in it. */
export function readFormat(directory: string): FoundFormat | undefined {
  const path = join(directory, formatName);
  if (!existsSync(path)) {
    const isUsed = readdirSync(directory).some((name) => name.endsWith('.duckdb'));
    return isUsed ? { format: unmarkedFormat, writtenBy: '' } : undefined;
  }
  return parsed(path);
}

function parsed(path: string): FoundFormat {
  const nothing = { format: Number.NaN, writtenBy: '' };
  try {
    if (statSync(path).size > maxFormatBytes) return nothing;
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof found !== 'object' || found === null || !('format' in found)) return nothing;
    const { format } = found;
    if (typeof format !== 'number' || !Number.isSafeInteger(format)) return nothing;
    const by = 'mizu' in found && typeof found.mizu === 'string' ? found.mizu : '';
    return { format, writtenBy: /^[\w.+-]{1,40}$/.test(by) ? by : '' };
  } catch {
    return nothing;
  }
}

/** Whether this program may open it; older formats are brought up to date when their segments are. */
export function isKnown({ format }: FoundFormat): boolean {
  return format >= oldestFormat && format <= storeFormat;
}

/** Marks the folder as one of the present format. Before its files are changed: who ends then goes on later. */
export function writeFormat(directory: string): void {
  const path = join(directory, formatName);
  const content = `${JSON.stringify({ format: storeFormat, mizu: version })}\n`;
  try {
    if (existsSync(path) && readFileSync(path, 'utf8') === content) return;
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  } catch (error) {
    const { message } = error as Error;
    throw new StoreError('bad_store', `The store ${directory} cannot be written: ${message}.`);
  }
}

/** Why a folder is not opened, and what to do. */
export function refusal(directory: string, found: FoundFormat): string {
  const remedy =
    found.format > storeFormat
      ? `Use ${found.writtenBy ? `Mizu ${found.writtenBy}` : 'that Mizu'} or a newer one`
      : 'Use the Mizu that wrote it';
  return `The store ${directory} ${description(found)}. Nothing in it was changed. ${remedy}, move the folder away, or choose another with --store.`;
}

function description({ format, writtenBy }: FoundFormat): string {
  const who = writtenBy === '' ? 'another Mizu' : `Mizu ${writtenBy}`;
  const which = Number.isNaN(format) ? 'in a format that it does not say' : `in format ${format}`;
  return `was written by ${who} ${which}; this Mizu ${version} reads formats ${oldestFormat} to ${storeFormat}`;
}

/**
 * Moves all that is stored aside, so that another store can begin in its place. Returns what was done,
 * as a sentence. Throws the system's error.
 */
export function setStoreAside(directory: string, found: FoundFormat): string {
  const label = Number.isNaN(found.format) ? 'unknown' : `format-${found.format}`;
  // What says the format goes last: if this is interrupted, the rest follows next time.
  const folder = moveAside(directory, label, formatName);
  return `What was stored before ${description(found)}. It was moved to ${folder} and is dropped, oldest first, when space is needed; the store began empty.`;
}
