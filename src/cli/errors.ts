/** What `mizu` tells the shell. Anything else is a bug in Mizu. */
export const ExitCode = {
  Ok: 0,
  /** This machine cannot do it now: no right to capture, a port that is taken. */
  Cannot: 1,
  /** The user asked for something that does not exist: an option, a file, a capture that is none. */
  Usage: 2,
  /** The input was damaged; what could be read was. */
  Damaged: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends the program with one line for people and an exit code; never with a stack trace. */
export class UserError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.Usage) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** Exit codes of the errors that the stages throw for people, by their `code`. */
const exitCodes: Readonly<Record<string, ExitCode>> = {
  missing: ExitCode.Usage,
  unreadable: ExitCode.Usage,
  'not-a-capture': ExitCode.Usage,
  unwritable: ExitCode.Usage,
  'unknown-interface': ExitCode.Usage,
  'bad-filter': ExitCode.Usage,
  'not-permitted': ExitCode.Cannot,
  unsupported: ExitCode.Cannot,
  'no-memory': ExitCode.Cannot,
  system: ExitCode.Cannot,
  port_in_use: ExitCode.Cannot,
  not_permitted: ExitCode.Cannot,
  bad_address: ExitCode.Usage,
  bad_token: ExitCode.Usage,
  bad_store: ExitCode.Usage,
  locked: ExitCode.Cannot,
  'no-kubeconfig': ExitCode.Usage,
  'bad-kubeconfig': ExitCode.Usage,
  'no-context': ExitCode.Usage,
  proxy: ExitCode.Cannot,
  unreachable: ExitCode.Cannot,
  certificate: ExitCode.Cannot,
  login: ExitCode.Cannot,
  forbidden: ExitCode.Cannot,
  'too-old': ExitCode.Cannot,
  'not-found': ExitCode.Cannot,
  exists: ExitCode.Cannot,
  conflict: ExitCode.Cannot,
  refused: ExitCode.Cannot,
  running: ExitCode.Cannot,
  'not-running': ExitCode.Cannot,
  'not-ready': ExitCode.Cannot,
  'local-port': ExitCode.Cannot,
  timeout: ExitCode.Cannot,
};

/** The `code` of an error that a stage throws for people; undefined for anything else. */
export function knownCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  return error.code in exitCodes ? error.code : undefined;
}

/** What went wrong as a `UserError`; undefined when it is a bug. */
export function asUserError(error: unknown): UserError | undefined {
  if (error instanceof UserError) return error;
  const code = knownCode(error);
  if (code === undefined) return undefined;
  return new UserError((error as Error).message, exitCodes[code]!);
}

/** The lines for a bug: short, with the way to report it; the stack only on demand. */
export function bugReport(error: unknown, debug: boolean): string {
  const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  const line = `mizu: this is a bug in Mizu: ${reason}`;
  if (!debug) {
    return `${line}\nRun it again with MIZU_DEBUG=1 and report what it prints with the command line.\n`;
  }
  return `${line}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`;
}
