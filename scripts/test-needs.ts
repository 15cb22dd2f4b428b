/** Programs that the tests call, and how to get them on Debian. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Need {
  /** Any of these will do. */
  readonly commands: readonly string[];
  readonly debianPackage: string;
  readonly reason: string;
}

const needs: readonly Need[] = [
  { commands: ['tshark'], debianPackage: 'tshark', reason: 'reads the same captures, to compare' },
  { commands: ['tcpdump'], debianPackage: 'tcpdump', reason: 'captures, to compare and for pipes' },
  { commands: ['chromium'], debianPackage: 'chromium', reason: 'opens the page as a user would' },
  { commands: ['nginx'], debianPackage: 'nginx-light', reason: 'a real server to be tapped' },
  { commands: ['wrk'], debianPackage: 'wrk', reason: 'makes many real requests' },
  { commands: ['curl'], debianPackage: 'curl', reason: 'makes single real requests' },
  { commands: ['zstd'], debianPackage: 'zstd', reason: 'compresses captures to be read' },
  { commands: ['ip'], debianPackage: 'iproute2', reason: 'sets up network namespaces' },
  { commands: ['unshare'], debianPackage: 'util-linux', reason: 'makes network namespaces' },
];

/** Asked by Debian before a package's service is started; 101 says no. */
const servicePolicy = '/usr/sbin/policy-rc.d';
const packageLists = '/var/lib/apt/lists';

function available(command: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, command)));
}

function aptGet(...words: string[]): boolean {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync('apt-get', ['-q', ...words], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: environment,
  });
  return run.status === 0;
}

function haveLists(): boolean {
  return (
    existsSync(packageLists) && readdirSync(packageLists).some((name) => name.includes('Packages'))
  );
}

/** Installs without starting a service that comes along (nginx would take port 80). */
function install(packages: readonly string[]): boolean {
  const ownPolicy = !existsSync(servicePolicy);
  if (ownPolicy) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const words = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    if (!haveLists()) aptGet('update');
    return aptGet(...words) || (aptGet('update') && aptGet(...words));
  } finally {
    if (ownPolicy) rmSync(servicePolicy, { force: true });
  }
}

/** Makes sure that the tests find what they call. Says what is missing and why. */
export function provideTestNeeds(): boolean {
  const missing = needs.filter(({ commands }) => !commands.some(available));
  if (missing.length === 0) return true;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  process.stderr.write('The tests need some programs that this machine lacks:\n');
  for (const { debianPackage, reason } of missing) {
    process.stderr.write(`  ${debianPackage.padEnd(12)} ${reason}\n`);
  }
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !available('apt-get')) {
    process.stderr.write(`Please install them: sudo ${command}\n`);
    return false;
  }
  process.stderr.write(`Installing them: ${command}\n`);
  if (install(packages)) return true;
  process.stderr.write('They could not be installed.\n');
  return false;
}
