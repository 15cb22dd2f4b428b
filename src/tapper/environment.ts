/** What a tapper is told by its environment: see `cluster/objects/tapper.ts`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LinkAddress, LinkSecret } from '../link/index.ts';
import { type LogLevel, readLevel } from '../log.ts';

export interface TapperEnvironment {
  readonly address: LinkAddress;
  readonly secretFolder: string;
  readonly nodeName: string;
  readonly podName: string;
  readonly logLevel: LogLevel;
  /** Where the node's processes are seen; empty: nowhere. */
  readonly hostProcesses: string;
}

/** The environment cannot be used: the message says which variable, and why. */
export class EnvironmentError extends Error {}

const defaultSecretFolder = '/app/secret';

export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): TapperEnvironment {
  const level = environment['LOG_LEVEL']?.toLowerCase() ?? '';
  return {
    address: readAddress(required(environment, 'API_SERVER_ADDRESS')),
    secretFolder: environment['SECRET_FOLDER'] || defaultSecretFolder,
    nodeName: required(environment, 'NODE_NAME'),
    podName: environment['POD_NAME'] ?? '',
    logLevel: readLevel(level),
    hostProcesses: environment['HOST_PROC'] ?? '',
  };
}

function required(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new EnvironmentError(`${name} is not set`);
  return value;
}

/** `name:port`, `10.0.0.1:port` or `[fd00::1]:port`. */
function readAddress(text: string): LinkAddress {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw new EnvironmentError(`API_SERVER_ADDRESS is "${text}", not NAME:PORT`);
  }
  return { host: match[1] ?? match[2]!, port };
}

/** The key and the certificate as they are mounted now. Throws what is to be logged. */
export function readSecret(folder: string): LinkSecret {
  return { key: readPart(folder, 'key'), certificate: readPart(folder, 'tls.crt') };
}

function readPart(folder: string, name: string): string {
  const file = path.join(folder, name);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new EnvironmentError(`${file} cannot be read (${code})`);
  }
  if (text === '') throw new EnvironmentError(`${file} is empty`);
  return text;
}
