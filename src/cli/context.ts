/** What commands need from the world; tests pass their own. */
import type { openDemo, runDemo } from '../demo/index.ts';
import type { runTap } from '../tap.ts';
import type { LogFile } from './log-file.ts';

export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface CliContext {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** What the user need not see; missing: nobody keeps it. */
  readonly log?: Pick<LogFile, 'debug' | 'info' | 'error'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted by a second Ctrl-C, where `allowToEnd` was called: what still runs is not waited for. */
  readonly impatient: AbortSignal;
  /** The command has work to do before its end, such as removing objects, that may take so long, ms. */
  allowToEnd(ms: number): void;
  /** The tap is loaded only when it runs, so that help and completion answer at once. */
  loadTap(): Promise<typeof runTap>;
  loadDemo(): Promise<{ readonly openDemo: typeof openDemo; readonly runDemo: typeof runDemo }>;
  openBrowser(url: string): void;
}
