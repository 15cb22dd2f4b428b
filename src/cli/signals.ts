/** How long everything may take to end after Ctrl-C, ms, before the process ends regardless. */
const graceMs = 8000;

const interruptedExitCode = 130;

/** One Ctrl-C reaches a program twice when npm started it: from the terminal and from npm. */
const sameInterruptMs = 250;

/** A signal that Ctrl-C aborts; a second Ctrl-C ends the process at once. */
export function abortOnInterrupt(stderr: { write(text: string): unknown }): AbortSignal {
  const controller = new AbortController();
  let abortedAt = 0;
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (performance.now() - abortedAt > sameInterruptMs) process.exit(interruptedExitCode);
      return;
    }
    abortedAt = performance.now();
    if (process.stderr.isTTY) stderr.write('\nEnding ... (Ctrl-C again ends at once)\n');
    controller.abort();
    setTimeout(() => process.exit(interruptedExitCode), graceMs).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return controller.signal;
}
