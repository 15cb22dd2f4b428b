/**
 * Lays out what goes into an image: dist/image/ARCH/modules (Node and packages) and .../app.
 *
 * The packages are copied from this checkout, as its lock file names them: nothing is downloaded, so
 * that an image can be made where there is no internet, and what was tested is what is shipped. Only
 * for another processor than this machine's does npm have to be asked for its packages.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { removeComments } from './comments.ts';
import { stripElf } from './elf.ts';

export type Architecture = 'amd64' | 'arm64';

/** npm's word for a processor. */
const npmName: Record<Architecture, string> = { amd64: 'x64', arm64: 'arm64' };

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

export function thisArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** Returns the folder, relative to the root as the Dockerfile names it. */
export function stage(root: string, architecture: Architecture): string {
  const folder = join('dist/image', architecture);
  const target = join(root, folder);
  rmSync(target, { recursive: true, force: true });
  const modules = join(target, 'modules');
  const from = packagesFor(root, architecture, target);
  for (const path of wantedPackages(root, architecture)) {
    copyPackage(join(from, path), join(modules, path.slice('node_modules/'.length)));
  }
  removeComments(root, join(modules, '@kubernetes/client-node/dist'));
  linkNode(modules, architecture);
  copyApp(root, join(target, 'app'));
  rmSync(join(target, 'install'), { recursive: true, force: true });
  readableForAll(target);
  setTimes(modules);
  return folder;
}

/** Folder whose node_modules has the packages for the processor. */
function packagesFor(root: string, architecture: Architecture, target: string): string {
  if (process.platform === 'linux' && architecture === thisArchitecture()) return root;
  const folder = join(target, 'install');
  mkdirSync(join(folder, 'web'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'web/package.json']) {
    cpSync(join(root, name), join(folder, name));
  }
  const processor = ['--os=linux', `--cpu=${npmName[architecture]}`, '--libc=glibc'];
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  const install = spawnSync('npm', ['ci', '--omit=dev', ...processor, ...quiet], {
    cwd: folder,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (install.status !== 0) {
    throw new Error(`npm could not install the packages for linux/${architecture}`);
  }
  return folder;
}

/** Paths as in the lock file: those that the product needs on Linux with glibc. */
function wantedPackages(root: string, architecture: Architecture): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages = Object.entries<LockedPackage>(lock.packages);
  return packages
    .filter(([path, locked]) => path.startsWith('node_modules/') && isWanted(locked, architecture))
    .map(([path]) => path);
}

function isWanted(locked: LockedPackage, architecture: Architecture): boolean {
  if (locked.dev === true || locked.devOptional === true || locked.link === true) return false;
  return (
    fits(locked.os, 'linux') &&
    fits(locked.cpu, npmName[architecture]) &&
    fits(locked.libc, 'glibc')
  );
}

function fits(allowed: readonly string[] | undefined, value: string): boolean {
  return allowed === undefined || allowed.includes(value);
}

function copyPackage(from: string, to: string): void {
  if (!existsSync(from)) {
    throw new Error(`the package ${basename(from)} is missing; run: npm ci`);
  }
  cpSync(from, to, {
    recursive: true,
    filter: (path) => !isNestedPackages(from, path) && isNeededAtRun(path.slice(from.length)),
  });
  for (const path of binaries(to)) stripElf(path);
}

/** Packages inside a package have lines of their own in the lock file. */
function isNestedPackages(from: string, path: string): boolean {
  return path.slice(from.length).startsWith('/node_modules');
}

/**
 * Not: types, maps, manuals, sources of what is compiled, binaries for other C libraries and for the
 * runtime Bare. Node refuses to run TypeScript of packages, so none of them needs it.
 */
function isNeededAtRun(path: string): boolean {
  if (/\.(ts|mts|cts|map|md|markdown|c|cc|cpp|h|hh|hpp|bare)$/i.test(path)) return false;
  if (/^\/(include|share|musl_\w+)(\/|$)/.test(path)) return false;
  return !/^\/(test|tests|__tests__|docs?|vendor|\.github)(\/|$)/.test(path);
}

function* binaries(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (/\.(node|so)$/.test(entry.name) || path.endsWith('/bin/node'))) {
      yield path;
    }
  }
}

/** Where npm puts it, so that bin/mizu finds it and the Dockerfile need not know the processor. */
function linkNode(modules: string, architecture: Architecture): void {
  const node = `node-linux-${npmName[architecture]}/bin/node`;
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(`../${node}`, join(modules, '.bin/node'));
  chmodSync(join(modules, node), 0o755);
}

function copyApp(root: string, target: string): void {
  const copy = (path: string) => {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path), { recursive: true });
  };
  // The bundle only: this folder lies beside it.
  for (const name of readdirSync(join(root, 'dist'))) {
    if (name.endsWith('.js')) copy(join('dist', name));
  }
  copy('web/dist');
  copy('bin');
  copy('deploy/permissions');
  copy('package.json');
  copy('LICENSE');
}

/** One time for all packages, so that the same packages are the same layer. */
function setTimes(folder: string): void {
  const time = new Date('2000-01-01T00:00:00Z');
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) utimesSync(join(entry.parentPath, entry.name), time, time);
  }
}

/** The image's user is not the owner; a strict umask here must not lock it out. */
function readableForAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = statSync(path);
    chmodSync(path, entry.isDirectory() || (mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
