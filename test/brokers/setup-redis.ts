/** Redis servers, each with a folder and a port of its own, and the Python client. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './capture.ts';
import { commandPath, installDebian, pythonWith } from './setup.ts';

const longestStartMs = 20_000;

export async function setup(): Promise<void> {
  await installDebian('redis-server', ['redis-server', 'redis-tools']);
  await redisPython();
}

/** A Python with the client redis-py. */
export const redisPython = (): Promise<string> => pythonWith('redis', ['redis==8.1.0']);

export const redisServer = (): Promise<string | undefined> => commandPath('redis-server');

/** A server that runs. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
}

/** `words` as on the command line, behind the port. */
export async function startRedis(words: readonly string[] = []): Promise<RedisServer> {
  const program = await redisServer();
  if (program === undefined) throw new Error('redis-server is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'mizu-redis-'));
  const port = await freePort();
  const given = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child: ChildProcess = spawn(program, [...given, ...words], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await until('redis-server to listen', () => listens(port), longestStartMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, [Symbol.asyncDispose]: stop };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
