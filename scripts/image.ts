/** `npm run image`: builds Mizu's image with docker, podman or buildah. See docs/image.md. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../src/version.ts';
import { buildPage } from './build-page.ts';
import { buildProgram } from './build-program.ts';
import { type Architecture, stage, thisArchitecture } from './image/stage.ts';
import { findTool, toolNames } from './image/tools.ts';

const root = new URL('..', import.meta.url).pathname;

const help = `npm run image -- [OPTIONS]

  --tag NAME      name of the image, may be repeated (default mizu:${version})
  --archive FILE  also writes a docker archive
  --push          also pushes every tag to its registry
  --base IMAGE    base image (default debian:bookworm-slim)
  --tool TOOL     ${toolNames.join(', ')} (default: the first that works)
  --arch ARCH     amd64 or arm64 (default: this machine's); packages for another one come from npm
  --stage-only    only lays out dist/image/ARCH, for a build of your own of deploy/Dockerfile
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string', multiple: true },
      archive: { type: 'string' },
      push: { type: 'boolean', default: false },
      base: { type: 'string' },
      tool: { type: 'string' },
      arch: { type: 'string' },
      'stage-only': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const architecture = readArchitecture(values.arch);
  const tool = values['stage-only'] ? undefined : findTool(values.tool);
  await buildProgram();
  if (!buildPage()) throw new Error('the page could not be built');
  const folder = stage(root, architecture);
  if (tool === undefined) {
    process.stdout.write(`${folder} is ready for deploy/Dockerfile\n`);
    return;
  }
  const tags = values.tag ?? [`mizu:${version}`];
  for (const tag of tags) {
    run(tool.name, tool.build({ tag, base: values.base, architecture }));
  }
  if (values.archive !== undefined && tags[0] !== undefined) {
    // Relative to where npm was called, which npm says; the tools are called in the root.
    const file = resolve(process.env['INIT_CWD'] ?? '.', values.archive);
    rmSync(file, { force: true });
    run(tool.name, tool.archive(tags[0], file));
  }
  if (values.push) for (const tag of tags) run(tool.name, ['push', tag]);
  process.stdout.write(`Built ${tags.join(', ')} for linux/${architecture} with ${tool.name}\n`);
}

function readArchitecture(text: string | undefined): Architecture {
  if (text === undefined) return thisArchitecture();
  if (text === 'amd64' || text === 'arm64') return text;
  throw new Error(`--arch is amd64 or arm64, not ${text}`);
}

function run(program: string, parameters: readonly string[]): void {
  process.stderr.write(`${program} ${parameters.join(' ')}\n`);
  const { status, error } = spawnSync(program, parameters, {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${parameters[0]} failed`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`image: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
