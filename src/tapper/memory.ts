/**
 * How much memory the container may use and uses, from its cgroup (version 2, else 1). File pages that
 * the kernel takes back by itself do not count, as they do not for the kernel's OOM killer.
 */
import { readFileSync } from 'node:fs';
import { defaultLimits, type TapLimits } from '../limits.ts';

export interface MemoryUse {
  readonly usedBytes: number;
  /** 0: no limit, or not known. */
  readonly limitBytes: number;
}

interface Hierarchy {
  readonly limit: string;
  readonly used: string;
  readonly reclaimable: string;
}

const version2: Hierarchy = {
  limit: 'memory.max',
  used: 'memory.current',
  reclaimable: 'inactive_file',
};
const version1: Hierarchy = {
  limit: 'memory/memory.limit_in_bytes',
  used: 'memory/memory.usage_in_bytes',
  reclaimable: 'total_inactive_file',
};
/** Version 1 writes "none" as the largest number of whole pages. */
const noLimitBytes = 2 ** 60;

export function memoryUse(root = '/sys/fs/cgroup'): MemoryUse {
  for (const hierarchy of [version2, version1]) {
    const limitBytes = numberIn(`${root}/${hierarchy.limit}`);
    const usedBytes = numberIn(`${root}/${hierarchy.used}`);
    if (limitBytes === 0 || limitBytes >= noLimitBytes || usedBytes === 0) continue;
    const folder = hierarchy.used.includes('/') ? `${root}/memory` : root;
    const statistics = textOf(`${folder}/memory.stat`);
    const match = new RegExp(`^${hierarchy.reclaimable} (\\d+)$`, 'm').exec(statistics);
    return { usedBytes: Math.max(0, usedBytes - Number(match?.[1] ?? 0)), limitBytes };
  }
  return { usedBytes: process.memoryUsage.rss(), limitBytes: 0 };
}

function numberIn(file: string): number {
  const text = textOf(file).trim();
  return /^\d+$/.test(text) ? Number(text) : 0;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Sizes of what grows, so that all of them full at once stay below the limit. */
export interface MemoryPlan {
  readonly bufferBytes: number;
  /** Of each thread. */
  readonly ringBytes: number;
  readonly windowBytes: number;
  readonly reassemblyBytes: number;
  readonly batchHeapBytes: number;
}

/** A container that nobody limits is modest all the same. */
const assumedLimitBytes = 512 << 20;
/** Node itself, its threads, code, and batches being written. */
const fixedBytes = 110 << 20;
const mebibyte = 1 << 20;

type Wanted = Pick<TapLimits, 'messageBytes' | 'reassemblyBytes' | 'batchBytes'>;

/** `wanted` is the most; the container's limit may allow less. */
export function planMemory(
  limitBytes: number,
  threads: number,
  wanted: Wanted = defaultLimits,
): MemoryPlan {
  const rest = Math.max(32 * mebibyte, (limitBytes || assumedLimitBytes) * 0.9 - fixedBytes);
  const part = (share: number, most: number) =>
    Math.floor(Math.min(most, Math.max(2 * mebibyte, rest * share)));
  const isSmall = limitBytes > 0 && limitBytes <= 400 * mebibyte;
  return {
    bufferBytes: part(0.25, 32 * mebibyte),
    ringBytes: part(0.2 / threads, 32 * mebibyte),
    windowBytes: part(0.2 / threads, wanted.messageBytes),
    reassemblyBytes: part(0.2 / threads, wanted.reassemblyBytes),
    batchHeapBytes: isSmall ? Math.min(wanted.batchBytes, mebibyte) : wanted.batchBytes,
  };
}
