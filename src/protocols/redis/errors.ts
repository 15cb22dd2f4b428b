/** Errors of Redis: their first word, and the class that the original gave them. */

/** First word → class, as in Jedis. All others are data errors. */
const classes: Readonly<Record<string, string>> = {
  MOVED: 'MovedDataError',
  ASK: 'AskDataError',
  CLUSTERDOWN: 'ClusterError',
  BUSY: 'BusyError',
  NOSCRIPT: 'NoScriptError',
};

export const errorClasses: readonly string[] = [...Object.values(classes), 'DataError'];

export interface RedisError {
  readonly message: string;
  /** `ERR`, `WRONGTYPE`, `MOVED`; empty when the message does not begin with such a word. */
  readonly code: string;
  readonly errorClass: string;
  /** Of a redirection: hash slot, and where to go: `10.0.0.1:6379`. */
  readonly slot?: number;
  readonly address?: string;
}

export function errorOf(message: string): RedisError {
  const code = /^[A-Z][A-Z0-9_]*(?= |$)/.exec(message)?.[0] ?? '';
  const errorClass = classes[code] ?? 'DataError';
  const moved = /^(?:MOVED|ASK) (\d+) (\S*:\d+)/.exec(message);
  if (moved === null) return { message, code, errorClass };
  return { message, code, errorClass, slot: Number(moved[1]), address: moved[2]! };
}
