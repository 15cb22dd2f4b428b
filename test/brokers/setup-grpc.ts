/** What the tests of HTTP/2 and gRPC need: nghttp2's programs, grpc-go, grpcio. */
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './capture.ts';
import { cacheFolder, commandPath, exists, installDebian, pythonWith, say } from './setup.ts';

const sources = fileURLToPath(new URL('./grpc', import.meta.url));
const folder = join(cacheFolder, 'grpc-go');
const usualGo = '/usr/local/go/bin/go';
const longestBuildMs = 500_000;

const modules = [
  'google.golang.org/grpc@latest',
  'github.com/improbable-eng/grpc-web@latest',
  // Its old versions, which grpc-web asks for, hold packages that have become modules of their own.
  'google.golang.org/genproto@latest',
  'cloud.google.com/go@latest',
];

/** The server and client of grpc-go, built when there is a Go; undefined: there is none. */
export async function grpcGo(): Promise<string | undefined> {
  const program = join(folder, 'grpc-peer');
  const source = join(sources, 'main.go');
  const copy = join(folder, 'main.go');
  const isBuilt = (await exists(program)) && (await exists(copy));
  if (isBuilt && (await readFile(copy, 'utf8')) === (await readFile(source, 'utf8')))
    return program;
  const go = (await commandPath('go')) ?? ((await exists(usualGo)) ? usualGo : undefined);
  if (go === undefined) return undefined;
  say('building a server and a client with grpc-go');
  await mkdir(folder, { recursive: true });
  await rm(program, { force: true });
  await copyFile(source, copy);
  const steps = [
    ...((await exists(join(folder, 'go.mod'))) ? [] : [['mod', 'init', 'mizu.test/grpc']]),
    ['get', ...modules],
    ['mod', 'tidy'],
    ['build', '-o', program, '.'],
  ];
  for (const words of steps) {
    const { code, stderr } = await run(go, words, { folder, longestMs: longestBuildMs });
    if (code !== 0) throw new Error(`go ${words.join(' ')}: ${stderr.slice(-1500)}`);
  }
  return program;
}

/** A Python with grpcio and reflection. */
export function grpcPython(): Promise<string> {
  return pythonWith('grpc', ['grpcio', 'grpcio-reflection']);
}

export const pythonClient = join(sources, 'client.py');

export async function installNghttp2(): Promise<void> {
  await installDebian('nghttpd', ['nghttp2-server']);
  await installDebian('h2load', ['nghttp2-client']);
  await installDebian('nghttpx', ['nghttp2-proxy']);
  await installDebian('curl', ['curl']);
}

export async function setup(): Promise<void> {
  await installNghttp2();
  if ((await grpcGo()) === undefined) say('no Go: grpc-go will not be tested');
  await grpcPython();
}
