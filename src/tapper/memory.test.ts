import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryUse, planMemory } from './memory.ts';

const mebibyte = 1 << 20;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function cgroup(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'mizu-cgroup-'));
  folders.push(root);
  mkdirSync(path.join(root, 'memory'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text);
  return root;
}

describe('the memory of the container', () => {
  it('is read from a cgroup of version 2, without what the kernel takes back by itself', () => {
    const root = cgroup({
      'memory.max': '314572800\n',
      'memory.current': '100000000\n',
      'memory.stat': 'anon 1\ninactive_file 20000000\nactive_file 5\n',
    });
    expect(memoryUse(root)).toEqual({ usedBytes: 80_000_000, limitBytes: 314_572_800 });
  });

  it('is read from a cgroup of version 1', () => {
    const root = cgroup({
      'memory/memory.limit_in_bytes': '314572800\n',
      'memory/memory.usage_in_bytes': '100000000\n',
      'memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 30000000\n',
    });
    expect(memoryUse(root)).toEqual({ usedBytes: 70_000_000, limitBytes: 314_572_800 });
  });

  it('without a limit is that of the process', () => {
    const unlimited = [
      { 'memory.max': 'max\n', 'memory.current': '100\n' },
      {
        'memory/memory.limit_in_bytes': '9223372036854771712\n',
        'memory/memory.usage_in_bytes': '100\n',
      },
      {},
    ];
    for (const files of unlimited) {
      const use = memoryUse(cgroup(files));
      expect(use.limitBytes).toBe(0);
      expect(use.usedBytes).toBeGreaterThan(10 * mebibyte);
    }
  });
});

describe('the memory plan', () => {
  it.each([1, 2, 8])('of %i threads stays below the limit when everything is full', (threads) => {
    for (const limit of [200, 300, 512, 1024, 8192].map((size) => size * mebibyte)) {
      const plan = planMemory(limit, threads);
      const perThread = plan.ringBytes + plan.windowBytes + plan.reassemblyBytes;
      expect(plan.bufferBytes + threads * perThread).toBeLessThan(limit * 0.9);
      expect(plan.bufferBytes).toBeGreaterThanOrEqual(8 * mebibyte);
    }
  });

  it('uses what large containers give up to what is of use', () => {
    expect(planMemory(4096 * mebibyte, 1)).toEqual({
      bufferBytes: 32 * mebibyte,
      ringBytes: 32 * mebibyte,
      windowBytes: 64 * mebibyte,
      reassemblyBytes: 64 * mebibyte,
      batchHeapBytes: 4 * mebibyte,
    });
  });
});
