/**
 * A cluster and an image for the tests, once for all of them.
 *
 * `KUBECONFIG` names the cluster (kind, k3d, minikube, any); its nodes must find `MIZU_TEST_IMAGE`. Without
 * it, the cluster of `../shared/cluster` beside the project is brought up where that folder is there, the
 * image is built and loaded into its nodes. With neither the tests are skipped, and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Empty: there is no cluster. */
    kubeconfig: string;
    image: string;
    /** Folder of the scripts of our own cluster; empty for any other. */
    ownCluster: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const clusterFolder = fileURLToPath(new URL('../../../shared/cluster', import.meta.url));
const builtImage = 'localhost/mizu:test';

function run(command: string, words: readonly string[], environment = {}): string {
  const done = spawnSync(command, words, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 64 << 20,
  });
  if (done.status === 0) return done.stdout;
  const said = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`.slice(-4000);
  throw new Error(`${command} ${words.join(' ')} failed: ${said}`);
}

/** Whether our own cluster was up before the tests. */
let wasUp = true;

function upOwnCluster(): string {
  const state = spawnSync(join(clusterFolder, 'kubeconfig'), { encoding: 'utf8' });
  wasUp = state.status === 0;
  run(join(clusterFolder, 'up'), []);
  return run(join(clusterFolder, 'kubeconfig'), []).trim();
}

/** Builds the image from this checkout and puts it on the nodes. */
function loadImage(): void {
  const folder = mkdtempSync(join(tmpdir(), 'mizu-image-'));
  const archive = join(folder, 'mizu.tar');
  try {
    run(join(clusterFolder, 'build-base'), []);
    const node = join(root, 'node_modules/.bin/node');
    run(node, ['scripts/image.ts', '--tag', builtImage, '--archive', archive]);
    run(join(clusterFolder, 'load-image'), [archive]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function setup(project: TestProject): void {
  const given = process.env['KUBECONFIG'] ?? '';
  const own = existsSync(join(clusterFolder, 'up')) && process.getuid?.() === 0;
  const isOwn = given === '' || given.includes('mizu-cluster');
  if (given === '' && !own) {
    project.provide('kubeconfig', '');
    project.provide('image', '');
    project.provide('ownCluster', '');
    return;
  }
  const kubeconfig = isOwn && own ? upOwnCluster() : given;
  const image = process.env['MIZU_TEST_IMAGE'] ?? builtImage;
  if (process.env['MIZU_TEST_IMAGE'] === undefined) {
    if (!isOwn) throw new Error('Set MIZU_TEST_IMAGE to an image that the nodes can pull or have.');
    loadImage();
  }
  project.provide('kubeconfig', kubeconfig);
  project.provide('image', image);
  project.provide('ownCluster', isOwn && own ? clusterFolder : '');
}

export function teardown(): void {
  if (!wasUp) spawnSync(join(clusterFolder, 'down'));
}
