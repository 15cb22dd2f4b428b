/** What waits for an answer on one machine: rows can be lost on their way, then nobody would end them. */
import { defaultLimits } from '../limits.ts';
import type { TapOptions } from '../tap.ts';
import type { TakeBatch } from './pipelines.ts';

const everyMs = 1000;

export interface Settling {
  readonly take: TakeBatch;
  forget(): void;
}

/** Stands before `take`. A file's rows all come to their end: there is nothing to do. */
export async function settling(
  { source, limits = defaultLimits }: Pick<TapOptions, 'source' | 'limits'>,
  take: TakeBatch,
  stack: AsyncDisposableStack,
): Promise<Settling> {
  if (source.kind !== 'local') return { take, forget: () => undefined };
  const { Unanswered } = await import('../join/index.ts');
  const unanswered = new Unanswered({
    emit: (batch) => void take(batch),
    patienceMs: limits.pendingMs,
  });
  const timer = setInterval(() => unanswered.advance(performance.now()), everyMs);
  stack.defer(() => clearInterval(timer));
  return {
    take(batch) {
      const known = unanswered.take(batch, performance.now());
      return known === undefined ? undefined : take(known);
    },
    forget: () => unanswered.clear(),
  };
}
