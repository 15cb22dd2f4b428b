/**
 * Commands of Redis and of its Sentinel → src/protocols/redis/commands.json, out of what servers themselves say (`COMMAND`
 * and `COMMAND DOCS`). Arguments are `redis-server` programs, the newest first; without any, the one in
 * the path is asked. Older ones add what newer ones lack. Run it when a newer Redis is out and look at
 * the difference. How a line of the result is read: `src/protocols/redis/commands.ts`.
 *
 * Names, arities, groups, key positions and option words are taken, no text.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

const target = fileURLToPath(new URL('../src/protocols/redis/commands.json', import.meta.url));
const longestStartMs = 10_000;

type Reply = string | number | null | Reply[];

/** Flat lists of names and values, as RESP2 gives maps. */
function mapOf(reply: Reply | undefined): Map<string, Reply> {
  const list = Array.isArray(reply) ? reply : [];
  const map = new Map<string, Reply>();
  for (let i = 0; i + 1 < list.length; i += 2) map.set(String(list[i]), list[i + 1]!);
  return map;
}

function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** `i1+r0,1,0`, `kSTREAMS:1+r-1,1,2`, `i2+n0,1,1`; undefined for what only the server can find. */
function keySpec(reply: Reply): string | undefined {
  const spec = mapOf(reply);
  const begin = mapOf(spec.get('begin_search'));
  const find = mapOf(spec.get('find_keys'));
  const where = mapOf(begin.get('spec'));
  const how = mapOf(find.get('spec'));
  const from =
    begin.get('type') === 'index'
      ? `i${where.get('index')}`
      : begin.get('type') === 'keyword'
        ? `k${where.get('keyword')}:${where.get('startfrom')}`
        : undefined;
  const keys =
    find.get('type') === 'range'
      ? `r${how.get('lastkey')},${how.get('keystep')},${how.get('limit')}`
      : find.get('type') === 'keynum'
        ? `n${how.get('keynumidx')},${how.get('firstkey')},${how.get('keystep')}`
        : undefined;
  return from === undefined || keys === undefined ? undefined : `${from}+${keys}`;
}

/** All option words of a command, from its arguments of any depth. */
function tokens(reply: Reply | undefined, found: Set<string>): Set<string> {
  for (const each of listOf(reply)) {
    const argument = mapOf(each);
    const token = argument.get('token');
    if (typeof token === 'string' && /^[A-Z][A-Z0-9_]*$/.test(token)) found.add(token);
    tokens(argument.get('arguments'), found);
  }
  return found;
}

/** Lines of a command and its subcommands, by name. */
function addLines(info: Reply, docs: Map<string, Reply>, lines: Map<string, string>): void {
  const [rawName, arity, , , , , , , specs, subcommands] = listOf(info);
  const name = String(rawName).replace('|', ' ').toUpperCase();
  const doc = mapOf(docs.get(String(rawName)));
  const keys = listOf(specs)
    .map(keySpec)
    .filter((each) => each !== undefined);
  const words = [...tokens(doc.get('arguments'), new Set())].sort();
  const group = String(doc.get('group') ?? 'module');
  const line = [name, arity, group, keys.join(';') || '-', words.join(',') || '-'].join('|');
  if (!lines.has(name)) lines.set(name, line);
  const below = mapOf(doc.get('subcommands'));
  for (const each of listOf(subcommands)) addLines(each, below, lines);
}

/** How a server is started: as usual, or as Sentinel, which has commands of its own. */
type Mode = 'server' | 'sentinel';

async function ask(program: string, mode: Mode, lines: Map<string, string>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mizu-redis-'));
  const socket = join(folder, 'socket');
  const file = join(folder, 'settings.conf');
  writeFileSync(file, `port 0\nunixsocket ${socket}\ndir ${folder}\n`);
  const words = mode === 'sentinel' ? [file, '--sentinel'] : [file, '--save', ''];
  const server: ChildProcess = spawn(program, words, { stdio: 'ignore' });
  try {
    const client = new Redis(socket, {
      maxRetriesPerRequest: null,
      connectTimeout: longestStartMs,
      enableReadyCheck: false,
    });
    client.on('error', () => undefined);
    const docs = mapOf((await client.call('COMMAND', 'DOCS')) as Reply);
    for (const info of listOf((await client.call('COMMAND')) as Reply)) addLines(info, docs, lines);
    client.disconnect();
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function versionOf(program: string): string {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /v=([\d.]+)/.exec(version)?.[1] ?? 'unknown';
}

const programs = process.argv.slice(2);
const lines = new Map<string, string>();
const sources: string[] = [];
for (const program of programs.length > 0 ? programs : ['redis-server']) {
  for (const mode of ['server', 'sentinel'] as const) await ask(program, mode, lines);
  sources.push(`Redis ${versionOf(program)}`);
}
const note =
  'Names, arities, groups, key positions and option words as COMMAND and COMMAND DOCS of these servers report them; no text of Redis is included.';
const made = { generator: 'scripts/generate-redis.ts', sources, note, commands: [] as string[] };
made.commands = [...lines.values()].sort();
writeFileSync(target, `${JSON.stringify(made, undefined, 2)}\n`);
process.stdout.write(`${made.commands.length} commands of ${sources.join(', ')}\n`);
