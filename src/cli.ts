/** The command line's entry point: the real world, handed to `main`. */
import { openBrowser } from './cli/browser.ts';
import { bugReport, ExitCode } from './cli/errors.ts';
import { main } from './cli/main.ts';
import { abortOnInterrupt } from './cli/signals.ts';

/** How long what is still open after the command's end may hold the process, ms. */
const lingerMs = 2000;

const interrupts = abortOnInterrupt(process.stderr);

// A reader that has gone away (`| head`), a closed terminal (EIO): no error, but there is nobody
// left to write to. What is in a cluster still has to go.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (!interrupts.interrupt()) process.exit(ExitCode.Ok);
  });
}
process.on('uncaughtException', (error) => {
  process.stderr.write(bugReport(error, process.env['MIZU_DEBUG'] === '1'));
  process.exit(ExitCode.Cannot);
});

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: interrupts.signal,
  impatient: interrupts.impatient,
  allowToEnd: (ms) => interrupts.allowToEnd(ms),
  loadTap: async () => (await import('./tap.ts')).runTap,
  loadDemo: () => import('./demo/index.ts'),
  openBrowser,
});
setTimeout(() => process.exit(), lingerMs).unref();
