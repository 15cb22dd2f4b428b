/** Programs that build images: what each is called with, and which of them works here. */
import { spawnSync } from 'node:child_process';

export interface Build {
  readonly tag: string;
  readonly base: string | undefined;
  readonly architecture: string;
}

export interface Tool {
  readonly name: string;
  /** Succeeds only when it could really build. */
  readonly probe: readonly string[];
  build(build: Build): string[];
  archive(tag: string, file: string): string[];
}

function buildArguments({ tag, base, architecture }: Build): string[] {
  return [
    '--file',
    'deploy/Dockerfile',
    '--platform',
    `linux/${architecture}`,
    '--build-arg',
    `TARGETARCH=${architecture}`,
    ...(base === undefined ? [] : ['--build-arg', `BASE=${base}`]),
    '--tag',
    tag,
    '.',
  ];
}

const docker: Tool = {
  name: 'docker',
  // The client alone answers `version`; only a daemon has a server version.
  probe: ['version', '--format', '{{.Server.Version}}'],
  build: (build) => ['build', ...buildArguments(build)],
  archive: (tag, file) => ['save', '--output', file, tag],
};

const podman: Tool = {
  name: 'podman',
  probe: ['info'],
  build: (build) => ['build', '--format', 'docker', ...buildArguments(build)],
  archive: (tag, file) => ['save', '--format', 'docker-archive', '--output', file, tag],
};

const buildah: Tool = {
  name: 'buildah',
  probe: ['info'],
  // chroot: works inside containers and without a runtime.
  build: (build) => [
    'build',
    '--isolation',
    'chroot',
    '--layers',
    '--format',
    'docker',
    ...buildArguments(build),
  ],
  archive: (tag, file) => ['push', tag, `docker-archive:${file}:${tag}`],
};

const tools: readonly Tool[] = [docker, podman, buildah];

export const toolNames: readonly string[] = tools.map(({ name }) => name);

/** The tool asked for, or the first that works. Throws a message for people. */
export function findTool(wanted: string | undefined): Tool {
  const candidates = tools.filter(({ name }) => wanted === undefined || name === wanted);
  if (candidates.length === 0) {
    throw new Error(`unknown tool ${wanted}; one of ${toolNames.join(', ')}`);
  }
  const found = candidates.find(({ name, probe }) => works(name, probe));
  if (found !== undefined) return found;
  const names = candidates.map(({ name }) => name).join(', ');
  throw new Error(`none of these works here: ${names} (docker needs its daemon)`);
}

/** A daemon that does not answer within this time is none. */
const probeTimeoutMs = 20_000;

function works(name: string, probe: readonly string[]): boolean {
  const { status } = spawnSync(name, probe, { stdio: 'ignore', timeout: probeTimeoutMs });
  return status === 0;
}
