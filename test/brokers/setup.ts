/**
 * Installs what the tests against real servers need and says what. `node test/brokers/setup.ts` runs
 * every `setup-NAME.ts` beside this file; each exports `setup(): Promise<void>`. A test asks its own
 * setup file whether its server is there, and is skipped with the reason when it cannot be.
 */
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, run } from './capture.ts';

/** What is installed for these tests alone. */
export const cacheFolder = fileURLToPath(
  new URL('../../node_modules/.cache/brokers', import.meta.url),
);
const longestInstallMs = 540_000;

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Whole path of a command, or undefined. */
export async function commandPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function checked(what: string, { code, stdout, stderr }: Ran): void {
  if (code === 0) return;
  throw new Error(`${what} ended with ${code}: ${`${stdout}${stderr}`.slice(-1500)}`);
}

/** Installs Debian packages unless `command` is there already. */
export async function installDebian(command: string, packages: readonly string[]): Promise<void> {
  if ((await commandPath(command)) !== undefined) return;
  say(`installing ${packages.join(', ')} for ${command}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = { environment, longestMs: longestInstallMs };
  await run('apt-get', ['update', '-q'], options);
  const words = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  checked('apt-get install', await run('apt-get', words, options));
}

/** The Python of an environment of its own in which these packages are. */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(cacheFolder, `python-${name}`);
  const python = join(folder, 'bin', 'python');
  const list = join(folder, 'packages.txt');
  const wanted = packages.join('\n');
  if ((await exists(list)) && (await readFile(list, 'utf8')) === wanted) return python;
  say(`installing ${packages.join(', ')} for Python`);
  await mkdir(cacheFolder, { recursive: true });
  checked('venv', await run('python3', ['-m', 'venv', folder], { longestMs: longestInstallMs }));
  const words = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...packages];
  checked('pip install', await run(python, words, { longestMs: longestInstallMs }));
  await writeFile(list, wanted);
  return python;
}

/**
 * Java class path with these Maven artifacts (`group:artifact:version`) and all they need. The first
 * call fetches them.
 */
export async function mavenClassPath(name: string, artifacts: readonly string[]): Promise<string> {
  const folder = join(cacheFolder, `maven-${name}`);
  const project = join(folder, 'pom.xml');
  const list = join(folder, 'class-path.txt');
  const wanted = pom(name, artifacts);
  if ((await exists(list)) && (await readFile(project, 'utf8')) === wanted) {
    return readFile(list, 'utf8');
  }
  say(`fetching ${artifacts.join(', ')} with Maven`);
  await mkdir(folder, { recursive: true });
  await rm(list, { force: true });
  await writeFile(project, wanted);
  const words = ['-q', '-B', 'dependency:build-classpath', `-Dmdep.outputFile=${list}`];
  checked('mvn', await run('mvn', words, { folder, longestMs: longestInstallMs }));
  return readFile(list, 'utf8');
}

function pom(name: string, artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mizu.test</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}

async function setUpAll(): Promise<void> {
  await installDebian('tcpdump', ['tcpdump']);
  const folder = new URL('.', import.meta.url);
  for (const file of (await readdir(folder)).sort()) {
    if (!/^setup-.*\.ts$/.test(file)) continue;
    const { setup } = (await import(new URL(file, folder).href)) as { setup(): Promise<void> };
    await setup();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUpAll();
