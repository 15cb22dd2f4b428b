/** Why a source could not be opened. */
export type SourceErrorCode =
  | 'missing'
  | 'unreadable'
  | 'not-a-capture'
  | 'unwritable'
  | 'not-permitted'
  | 'unsupported'
  | 'unknown-interface'
  | 'bad-filter'
  | 'no-memory'
  | 'system';

/**
 * A source (or a file to write) could not be opened. The message is for people: what is wrong with
 * what, and what to do. Only functions whose names begin with `open`, the filter's compiler and the
 * writer's constructor throw it; reading never does.
 */
export class SourceError extends Error {
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string) {
    super(message);
    this.name = 'SourceError';
    this.code = code;
  }
}

/** The `code` of a Node system error (`ENOENT`), or an empty text. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return '';
}

/** The message of whatever was thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ');
}
