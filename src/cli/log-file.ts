/**
 * `~/.mizu/mizu_cli.log`: what the command line was asked, said and met, at all levels; for whoever has to
 * find out later what went wrong. Only its owner may read it, and no secret is written to it.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Log } from '../log.ts';
import type { TextOutput } from './context.ts';

const fileName = 'mizu_cli.log';
/** Beyond it the file becomes `mizu_cli.log.1`, and a new one is begun. */
const maxBytes = 4_000_000;

/** What a command says at once is shorter than this. */
const maxSaidLength = 1000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the log is, for this user. */
export function logPath(environment: Environment): string {
  return path.join(environment['HOME'] || homedir(), '.mizu', fileName);
}

/** Words after `--` options, query parameters and settings that hold secrets. */
const secretPatterns: readonly RegExp[] = [
  /((?:^|[\s.?&"'])(?:token|password|secret|key)\s*[=:]\s*"?)[^\s&"',]+/gi,
  /(Bearer\s+)\S+/g,
];
/** Colours of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with
const colours = /\u001b\[[\d;]*m/g;

/** Text without colours and secrets; `known` are secrets that are known to be some. */
export function withoutSecrets(text: string, known: readonly string[]): string {
  let clean = text.replace(colours, '');
  for (const pattern of secretPatterns) clean = clean.replace(pattern, '$1***');
  for (const secret of known) if (secret !== '') clean = clean.replaceAll(secret, '***');
  return clean;
}

export class LogFile {
  readonly #log: Log;
  readonly #secrets: readonly string[];

  private constructor(log: Log, secrets: readonly string[]) {
    this.#log = log;
    this.#secrets = secrets;
  }

  /** A log that cannot be written is none: that is no reason for a command to fail. */
  static open(environment: Environment): LogFile {
    const file = logPath(environment);
    let isFine = true;
    const write = (line: string) => {
      if (!isFine) return;
      try {
        appendFileSync(file, line, { mode: 0o600 });
      } catch {
        isFine = false;
      }
    };
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > maxBytes) renameSync(file, `${file}.1`);
    } catch {
      isFine = false;
    }
    return new LogFile(new Log('debug', write), [environment['MIZU_TOKEN'] ?? '']);
  }

  debug(text: string): void {
    this.#log.debug(withoutSecrets(text, this.#secrets));
  }
  info(text: string): void {
    this.#log.info(withoutSecrets(text, this.#secrets));
  }
  error(text: string): void {
    this.#log.error(withoutSecrets(text, this.#secrets));
  }

  /** The same output, whose lines are written to the log as well. Drawings on one line are left out. */
  tee(output: TextOutput, level: 'debug' | 'info'): TextOutput {
    const take = (text: string) => {
      if (text.includes('\r')) return;
      // A document that was asked for: manifests hold secrets in forms of their own.
      if (text.length > maxSaidLength) {
        this[level](`(${text.length} characters)`);
        return;
      }
      for (const line of text.split('\n')) if (line.trim() !== '') this[level](line);
    };
    return {
      write(text) {
        take(text);
        return output.write(text);
      },
      get isTTY() {
        return output.isTTY;
      },
      get columns() {
        return output.columns;
      },
    };
  }
}
