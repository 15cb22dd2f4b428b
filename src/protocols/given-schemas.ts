/** The schema files that users gave while Mizu runs; kept in a folder, they outlive a restart. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GivenSchemas, SchemaFile } from '../dissect/contract.ts';
import { giveSchemaFiles } from './schema-files.ts';

const fileName = 'schema-files.json';

export class GivenSchemaFiles {
  readonly #path: string | undefined;
  #given: GivenSchemas = { messages: 0, methods: 0, problems: [] };

  /** `folder`: where they are kept; those kept before are given at once. */
  constructor(folder?: string) {
    this.#path = folder === undefined ? undefined : join(folder, fileName);
    const kept = this.#path === undefined ? [] : readKept(this.#path);
    if (kept.length > 0) this.#given = giveSchemaFiles({ files: kept, problems: [] });
  }

  report(): GivenSchemas {
    return this.#given;
  }

  give(files: readonly SchemaFile[]): GivenSchemas {
    this.#given = giveSchemaFiles({ files, problems: [] });
    if (this.#path === undefined) return this.#given;
    try {
      const kept = files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]);
      writeFileSync(`${this.#path}.new`, JSON.stringify(kept));
      renameSync(`${this.#path}.new`, this.#path);
      return this.#given;
    } catch (error) {
      const problem = `They are not kept over a restart: ${(error as Error).message}`;
      return { ...this.#given, problems: [...this.#given.problems, problem] };
    }
  }
}

function readKept(path: string): SchemaFile[] {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as [string, string][];
    return kept.map(([name, content]) => ({ name, bytes: Buffer.from(content, 'base64') }));
  } catch {
    return [];
  }
}
