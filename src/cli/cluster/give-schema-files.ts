/** `--proto` in a cluster: the files go to the API server, which reads messages by them. */
import type { GivenSchemas } from '../../dissect/contract.ts';
import type { ClusterSetup } from './setup.ts';

const uploadMs = 60_000;

/** Says what could not be used; a tap without them is still a tap. */
export async function giveSchemaFiles(
  { context, config }: ClusterSetup,
  port: number,
  token: string,
): Promise<void> {
  const { proto } = config.tap;
  if (proto.length === 0) return;
  const { readSchemaFiles } = await import('../../protocols/schema-files.ts');
  const { files, problems } = await readSchemaFiles(proto);
  const said = [...problems];
  if (files.length > 0) said.push(...(await upload(files, port, token)));
  for (const problem of said) context.stderr.write(`--proto: ${problem}\n`);
}

async function upload(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  port: number,
  token: string,
): Promise<readonly string[]> {
  const body = JSON.stringify({
    files: files.map(({ name, bytes }) => ({
      name,
      content: Buffer.from(bytes).toString('base64'),
    })),
  });
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/schema-files`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(uploadMs),
    });
    if (!response.ok) return [`the API server did not take the files: ${await response.text()}`];
    return ((await response.json()) as GivenSchemas).problems;
  } catch (error) {
    return [`the files did not reach the API server: ${(error as Error).message}`];
  }
}
