/** The schema files that the server reads messages by: what it tells of them, and giving it others. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReadSchemaFile } from '../../../src/dissect/contract.ts';
import { api } from '../data/api.ts';
import type { GivenFile } from '../data/schema-report.ts';
import { base64Of, type PickedFile } from './picked-files.ts';

const key = ['schema-files'] as const;

async function give(kept: readonly ReadSchemaFile[], added: readonly PickedFile[]) {
  const fresh: GivenFile[] = [];
  for (const { name, file } of added) fresh.push({ name, content: await base64Of(file) });
  const isReplaced = new Set(fresh.map(({ name }) => name));
  const stay = kept.filter(({ name }) => !isReplaced.has(name)).map(({ name }) => ({ name }));
  return api.giveSchemas([...stay, ...fresh]);
}

export function useSchemas() {
  const client = useQueryClient();
  const query = useQuery({ queryKey: key, queryFn: ({ signal }) => api.schemas(signal) });
  const change = useMutation({
    mutationFn: (wanted: { kept: readonly ReadSchemaFile[]; added: readonly PickedFile[] }) =>
      give(wanted.kept, wanted.added),
    onSuccess: (report) => {
      client.setQueryData(key, report);
      // What is open was read by other types.
      void client.invalidateQueries({ queryKey: ['entry'] });
    },
  });
  const files = query.data?.files ?? [];
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
