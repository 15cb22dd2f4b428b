/** The command line's entry point: the real world, handed to `main`. */
import { openBrowser } from './cli/browser.ts';
import { bugReport, ExitCode } from './cli/errors.ts';
import { LogFile } from './cli/log-file.ts';
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
  log?.error(error.stack ?? error.message);
  process.stderr.write(bugReport(error, process.env['MIZU_DEBUG'] === '1'));
  process.exit(ExitCode.Cannot);
});

const words = process.argv.slice(2);
// What processes in a pod say is kept by the cluster; help and completion are no events.
const isCommand =
  words.length > 0 && !/^(?:api-server|tapper|completion|help|-.*)$/.test(words[0]!);
const log = isCommand ? LogFile.open(process.env) : undefined;
// A token that was asked for is printed, and nothing else.
const tellsSecret = words.includes('--token');

process.exitCode = await main(words, {
  stdout: log === undefined || tellsSecret ? process.stdout : log.tee(process.stdout, 'info'),
  stderr: log === undefined ? process.stderr : log.tee(process.stderr, 'info'),
  ...(log !== undefined && { log }),
  environment: process.env,
  signal: interrupts.signal,
  impatient: interrupts.impatient,
  allowToEnd: (ms) => interrupts.allowToEnd(ms),
  loadTap: async () => (await import('./tap.ts')).runTap,
  loadDemo: () => import('./demo/index.ts'),
  openBrowser,
});
setTimeout(() => process.exit(), lingerMs).unref();
