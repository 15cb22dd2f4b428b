/** How long everything may take to end after Ctrl-C, ms, before the process ends regardless. */
const usualGraceMs = 8000;
/** And how long after a second Ctrl-C, where something is to be told before the end, ms. */
const impatientGraceMs = 5000;

const interruptedExitCode = 130;

/** One Ctrl-C reaches a program twice when npm started it: from the terminal and from npm. */
const sameInterruptMs = 250;

export interface Interrupts {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Aborted by the second, where `allowToEnd` was called; elsewhere the second ends the process. */
  readonly impatient: AbortSignal;
  /** The command has work to do before its end that may take so long, ms. */
  allowToEnd(ms: number): void;
  /** As Ctrl-C. False when there is nothing to end in order: the process may end at once. */
  interrupt(): boolean;
}

/** Listens for the signals that end a command. */
export function abortOnInterrupt(stderr: { write(text: string): unknown }): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let abortedAt = 0;
  let graceMs = usualGraceMs;
  let timer: NodeJS.Timeout | undefined;
  const endWithin = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => process.exit(interruptedExitCode), ms).unref();
  };
  const again = (): void => {
    if (performance.now() - abortedAt <= sameInterruptMs) return;
    if (graceMs === usualGraceMs || second.signal.aborted) process.exit(interruptedExitCode);
    abortedAt = performance.now();
    second.abort();
    endWithin(impatientGraceMs);
  };
  const interrupt = (): void => {
    if (first.signal.aborted) {
      again();
      return;
    }
    abortedAt = performance.now();
    if (process.stderr.isTTY) {
      const what = graceMs === usualGraceMs ? 'ends at once' : 'does not wait';
      stderr.write(`\nEnding ... (Ctrl-C again ${what})\n`);
    }
    first.abort();
    endWithin(graceMs);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return {
    signal: first.signal,
    impatient: second.signal,
    allowToEnd(ms) {
      graceMs = ms;
      if (first.signal.aborted && !second.signal.aborted) endWithin(ms);
    },
    interrupt() {
      if (graceMs === usualGraceMs) return false;
      if (!first.signal.aborted) interrupt();
      return true;
    },
  };
}
