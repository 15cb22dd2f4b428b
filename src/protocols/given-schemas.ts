/** The schema files that users gave while Mizu runs; kept in a folder, they outlive a restart. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GivenFile, GivenSchemas, SchemaFile } from '../dissect/contract.ts';
import { giveSchemaFiles, schemaFilesInForce, schemasInForce } from './schema-files.ts';

const fileName = 'schema-files.json';

export class GivenSchemaFiles {
  readonly #path: string | undefined;

  /** `folder`: where they are kept; those kept before are given at once. */
  constructor(folder?: string) {
    this.#path = folder === undefined ? undefined : join(folder, fileName);
    const kept = this.#path === undefined ? [] : readKept(this.#path);
    if (kept.length > 0) giveSchemaFiles({ files: kept, problems: [] });
  }

  /** Of all in force: also those of `--proto`. */
  report(): GivenSchemas {
    return schemasInForce();
  }

  /** In place of those before; what comes without its bytes is one of those, and stays. */
  give(given: readonly GivenFile[]): GivenSchemas {
    const before = new Map(schemaFilesInForce().map((file) => [file.name, file]));
    const unknown: string[] = [];
    const files = given.flatMap(({ name, bytes }): SchemaFile[] => {
      if (bytes !== undefined) return [{ name, bytes }];
      const known = before.get(name);
      if (known === undefined) unknown.push(`${name}: it is not there any more`);
      return known === undefined ? [] : [known];
    });
    const report = giveSchemaFiles({ files, problems: unknown });
    if (this.#path === undefined) return report;
    try {
      const kept = files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]);
      writeFileSync(`${this.#path}.new`, JSON.stringify(kept));
      renameSync(`${this.#path}.new`, this.#path);
      return report;
    } catch (error) {
      const problem = `They are not kept over a restart: ${(error as Error).message}`;
      return { ...report, problems: [...report.problems, problem] };
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
