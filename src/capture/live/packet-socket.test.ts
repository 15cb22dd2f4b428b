import { describe, expect, it } from 'vitest';
import { SourceError } from '../source-error.ts';
import { PacketSocket } from './packet-socket.ts';
import type { SystemCalls } from './system-calls.ts';

const outOfMemory = 12;
const invalid = 22;

/** A kernel that takes filters up to a length. */
function kernel(longestFilter: number, refusal = outOfMemory) {
  const attached: number[] = [];
  const system: SystemCalls = {
    socket: () => 3,
    setOption: () => 0,
    getOption: () => 0,
    attachFilter: (_socket, program) => {
      if (program.length > longestFilter) return -1;
      attached.push(program.length);
      return 0;
    },
    bind: () => 0,
    map: (_socket, length) => ({ address: 0n, memory: new ArrayBuffer(length) }),
    unmap: () => undefined,
    poll: () => 0,
    close: () => 0,
    interfaceIndex: () => 1,
    errno: () => refusal,
  };
  const open = (...lengths: number[]) =>
    new PacketSocket(system, { blockBytes: 1 << 12, blocks: 8 }, programs(...lengths));
  return { attached, open };
}

const programs = (...lengths: number[]) => lengths.map((length) => new Uint8Array(length));

describe('a kernel with little room for filters', () => {
  it('gets the longest one that it takes', () => {
    const { attached, open } = kernel(100);
    const socket = open(400, 200, 100, 50);
    expect(attached).toEqual([100]);
    expect(socket.replaceFilter(programs(300, 80, 40))).toBe(true);
    expect(attached).toEqual([100, 80]);
  });

  it('keeps the filter before when it takes none', () => {
    const { attached, open } = kernel(100);
    const socket = open(50);
    expect(socket.replaceFilter(programs(300, 200))).toBe(false);
    expect(attached).toEqual([50]);
  });

  it('is not asked for shorter ones when that is not what is wrong', () => {
    const { attached, open } = kernel(100, invalid);
    expect(() => open(200, 50)).toThrow(SourceError);
    expect(attached).toEqual([]);
  });
});
