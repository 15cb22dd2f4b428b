/** Log lines: time, level, sentence, one line each. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Longer sentences are cut: what others say gets in here. */
const maxLineLength = 2000;

/** Names of levels that others use mean the nearest one here. */
export function readLevel(level: string): LogLevel {
  if (level === 'trace') return 'debug';
  if (level === 'warning') return 'warn';
  return level in ranks ? (level as LogLevel) : 'info';
}

export class Log {
  level: LogLevel;
  readonly #write: (line: string) => void;

  constructor(level: LogLevel, write: (line: string) => void) {
    this.level = level;
    this.#write = write;
  }

  debug(text: string): void {
    this.#line('debug', text);
  }
  info(text: string): void {
    this.#line('info', text);
  }
  warn(text: string): void {
    this.#line('warn', text);
  }
  error(text: string): void {
    this.#line('error', text);
  }

  #line(level: LogLevel, text: string): void {
    if (ranks[level] < ranks[this.level]) return;
    const oneLine = text.replace(/\s+/g, ' ').slice(0, maxLineLength);
    this.#write(`${new Date().toISOString()} ${level.padEnd(5)} ${oneLine}\n`);
  }
}
