/** Memory and CPU of a pod, from its cgroup (version 1 or 2). */
import { kubectl } from './support.ts';

export interface Usage {
  /** What counts against the limit and cannot be dropped at once, MiB: kubectl top's figure. */
  readonly workingSetMiB: number;
  /** Not backed by files, MiB. */
  readonly anonymousMiB: number;
  readonly cpuSeconds: number;
  /** How often the memory limit was reached. */
  readonly limitHits: number;
  readonly atMs: number;
}

const script = `
cd /sys/fs/cgroup
if [ -f memory.current ]; then
  echo usage $(cat memory.current)
  grep -E '^(inactive_file|anon) ' memory.stat
  grep -E '^usage_usec' cpu.stat
  grep -E '^max ' memory.events
else
  echo usage $(cat memory/memory.usage_in_bytes)
  sed -n 's/^total_inactive_file /inactive_file /p; s/^total_rss /anon /p' memory/memory.stat
  for f in cpuacct cpu,cpuacct; do [ -f $f/cpuacct.usage ] && echo usage_nsec $(cat $f/cpuacct.usage) && break; done
  echo max $(cat memory/memory.failcnt)
fi
`;

export function usageOf(namespace: string, pod: string): Usage {
  const text = kubectl(['exec', '-n', namespace, pod, '--', 'sh', '-c', script]);
  const value = (name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const microseconds = value('usage_usec');
  return {
    workingSetMiB: (value('usage') - value('inactive_file')) / (1 << 20),
    anonymousMiB: value('anon') / (1 << 20),
    cpuSeconds: Number.isNaN(microseconds) ? value('usage_nsec') / 1e9 : microseconds / 1e6,
    limitHits: value('max'),
    atMs: performance.now(),
  };
}

/** Cores used between two looks. */
export function coresBetween(one: Usage, other: Usage): number {
  return ((other.cpuSeconds - one.cpuSeconds) * 1000) / (other.atMs - one.atMs);
}
