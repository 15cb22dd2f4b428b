/** Which pods are tapped: what the settings say, until somebody chooses otherwise in the page. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { TargetSettings } from '../cluster/settings.ts';
import type { TargetSelection } from '../targets/index.ts';

export const selectionFile = 'targets.json';

const text = z.string().max(1000);
const places = z.array(text).max(10_000);
const selectionSchema = z.object({
  namespaces: places,
  allNamespaces: z.boolean().exactOptional(),
  regex: text.exactOptional(),
  selector: text.exactOptional(),
  workloads: places.exactOptional(),
  include: places.exactOptional(),
  exclude: places.exactOptional(),
}) satisfies z.ZodType<TargetSelection>;

/** A choice, and the settings it was made against: other settings since then (an upgrade) win. */
const savedSchema = z.object({
  selection: selectionSchema,
  chosenAt: z.number(),
  settings: z.string(),
});
type Saved = z.infer<typeof savedSchema>;

export function selectionOf(settings: TargetSettings): TargetSelection {
  const { namespaces, allNamespaces, regex, selector, workload } = settings;
  return {
    namespaces,
    allNamespaces,
    regex,
    selector,
    workloads: workload === '' ? [] : [workload],
  };
}

/** The newest choice in these folders that was made against these settings, or what they say. */
export function chosenSelection(
  settings: TargetSettings,
  folders: readonly string[],
): TargetSelection {
  const fitting = folders
    .map(readSaved)
    .filter((saved) => saved !== undefined)
    .filter((saved) => saved.settings === JSON.stringify(settings))
    .sort((one, other) => other.chosenAt - one.chosenAt);
  return fitting[0]?.selection ?? selectionOf(settings);
}

/** The content of the file that keeps a choice. */
export function savedText(selection: TargetSelection, settings: TargetSettings): string {
  const saved = { selection, chosenAt: Date.now(), settings: JSON.stringify(settings) };
  return JSON.stringify(saved);
}

/** Throws the system's error. */
export function saveSelection(folder: string, content: string): void {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, selectionFile);
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

function readSaved(folder: string): Saved | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(folder, selectionFile), 'utf8'));
    return savedSchema.safeParse(value).data;
  } catch {
    return undefined;
  }
}
