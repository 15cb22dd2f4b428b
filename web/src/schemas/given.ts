/** The schema files that the server reads messages by: what it tells of them, and giving it others. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../data/api.ts';
import type { GivenFile, ReadFile, SchemaReport } from '../data/schema-report.ts';
import { base64Of, type PickedFile } from './picked-files.ts';

const key = ['schema-files'] as const;

/** What this page has given, as base64: it can be given again beside others. */
const ownFiles = new Map<string, string>();

function sizeOf(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** The files in force, as far as they are known here. */
export function filesOf(report: SchemaReport): readonly ReadFile[] {
  if (report.files !== undefined) return report.files;
  return [...ownFiles].map(([name, content]) => ({ name, bytes: sizeOf(content) }));
}

async function give(kept: readonly ReadFile[], added: readonly PickedFile[]) {
  const fresh = new Map<string, string>();
  for (const { name, file } of added) fresh.set(name, await base64Of(file));
  const files: GivenFile[] = kept
    .filter(({ name }) => !fresh.has(name))
    .map(({ name }) => {
      const content = ownFiles.get(name);
      return content === undefined ? { name } : { name, content };
    });
  for (const [name, content] of fresh) files.push({ name, content });
  const report = await api.giveSchemas(files);
  ownFiles.clear();
  for (const { name, content } of files) if (content !== undefined) ownFiles.set(name, content);
  return report;
}

export function useSchemas() {
  const client = useQueryClient();
  const query = useQuery({ queryKey: key, queryFn: ({ signal }) => api.schemas(signal) });
  const change = useMutation({
    mutationFn: (wanted: { kept: readonly ReadFile[]; added: readonly PickedFile[] }) =>
      give(wanted.kept, wanted.added),
    onSuccess: (report) => {
      client.setQueryData(key, report);
      // What is open was read by other types.
      void client.invalidateQueries({ queryKey: ['entry'] });
    },
  });
  const files = query.data === undefined ? [] : filesOf(query.data);
  return {
    report: query.data,
    files,
    error: change.error ?? query.error,
    isBusy: change.isPending,
    /** Beside those in force; a file of the same name is replaced. */
    add: (added: readonly PickedFile[]) => change.mutate({ kept: files, added }),
    remove: (name: string) =>
      change.mutate({ kept: files.filter((file) => file.name !== name), added: [] }),
    removeAll: () => change.mutate({ kept: [], added: [] }),
  };
}
