/** What this machine lets a test do; each question is answered with the reason why not, or an empty text. */
import { execFileSync, spawnSync } from 'node:child_process';
import { openLive, SourceError } from '../../src/capture/index.ts';

export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export function whyNotPrograms(...names: string[]): string {
  const missing = names.filter((name) => !hasProgram(name));
  return missing.length === 0 ? '' : `not installed: ${missing.join(', ')}`;
}

export function whyNotLive(): string {
  try {
    openLive({ ringBytes: 1 << 20 }).close();
    return '';
  } catch (error) {
    return error instanceof SourceError ? error.message : String(error);
  }
}

export function whyNotNamespaces(): string {
  if (!hasProgram('ip')) return 'not installed: ip';
  const name = `mizu-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    return '';
  } catch {
    return 'network namespaces cannot be made here (needs root)';
  }
}
