import { createRequire } from 'node:module';
import { INSTRUCTION_BYTES } from '../bpf/index.ts';
import { reasonOf, SourceError } from '../source-error.ts';

/** The part of libc that live capture needs. Each call answers as in C: -1, and `errno` says why. */
export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number;
  setOption(socket: number, level: number, name: number, value: Uint8Array): number;
  getOption(socket: number, level: number, name: number, value: Uint8Array): number;
  attachFilter(socket: number, program: Uint8Array): number;
  bind(socket: number, address: Uint8Array): number;
  /** Maps the socket's ring; undefined when that failed. */
  map(socket: number, length: number): { address: bigint; memory: ArrayBuffer } | undefined;
  unmap(address: bigint, length: number): void;
  /** `entries` is a `struct pollfd[]`. */
  poll(entries: Uint8Array, count: number, timeoutMs: number): number;
  close(descriptor: number): void;
  /** The number of a network interface, 0 when there is none of this name. */
  interfaceIndex(name: string): number;
  errno(): number;
}

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

let loaded: SystemCalls | undefined;

/** Loads koffi and libc on first use: reading files must work where they cannot be loaded. */
export function systemCalls(): SystemCalls {
  loaded ??= load();
  return loaded;
}

function load(): SystemCalls {
  try {
    return describe(createRequire(import.meta.url)('koffi') as typeof import('koffi'));
  } catch (error) {
    throw new SourceError(
      'unsupported',
      `live capture cannot call the system here (${reasonOf(error)}); pipe packets in: tcpdump -U -w - | mizu tap --read -`,
    );
  }
}

function describe(koffi: typeof import('koffi')): SystemCalls {
  // No library name: libc is part of the process, whatever it is called (glibc, musl).
  const libc = koffi.load(null);
  const filter = koffi.struct({ length: 'uint16', program: 'void *' });
  const setOption = libc.func('int setsockopt(int, int, int, void *, uint32)');
  const setFilter = libc.func('setsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.pointer(filter),
    'uint32',
  ]);
  const getOption = libc.func('int getsockopt(int, int, int, void *, void *)');
  const bind = libc.func('int bind(int, void *, uint32)');
  const map = libc.func('void *mmap(void *, size_t, int, int, int, int64)');
  const unmap = libc.func('int munmap(void *, size_t)');
  return {
    socket: libc.func('int socket(int, int, int)'),
    setOption: (socket, level, name, value) => setOption(socket, level, name, value, value.length),
    getOption: (socket, level, name, value) =>
      getOption(socket, level, name, value, new Uint32Array([value.length])),
    attachFilter: (socket, program) => {
      const fprog = { length: program.length / INSTRUCTION_BYTES, program };
      return setFilter(socket, SOL_SOCKET, SO_ATTACH_FILTER, fprog, koffi.sizeof(filter));
    },
    bind: (socket, address) => bind(socket, address, address.length),
    map: (socket, length) => {
      const address: bigint = map(null, length, PROT_READ_WRITE, MAP_SHARED, socket, 0);
      if (BigInt.asUintN(64, address) === MAP_FAILED) return undefined;
      return { address, memory: koffi.view(address, length) };
    },
    unmap,
    poll: libc.func('int poll(void *, unsigned long, int)'),
    close: libc.func('int close(int)'),
    interfaceIndex: libc.func('uint32 if_nametoindex(const char *)'),
    errno: () => koffi.errno(),
  };
}
