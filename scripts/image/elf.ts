/** Takes out of an ELF file what only debuggers read; needs no binutils, and works for any processor. */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/*
 * ELF64, little endian (System V ABI, "Object Files"):
 *
 *   0  7F 45 4C 46   magic
 *   4  u8            2: 64 bits
 *   5  u8            1: little endian
 *  32  u64           offset of the program headers
 *  40  u64           offset of the section headers
 *  54  u16           size of a program header
 *  56  u16           how many program headers
 *  58  u16 u16 u16   size and number of section headers, index of their names
 *
 * Program header: 0 u32 type, 8 u64 offset in the file, 32 u64 size in the file.
 */
const headerBytes = 64;
const magic = 0x464c457f;

/** More than any real file has. */
const maxProgramHeaders = 1000;

/**
 * Cuts the file behind the last byte that a program header covers: symbols, debugging information and
 * section headers stand there, and the loader looks at none of them. Returns the bytes saved; 0 for
 * files that are not 64-bit little-endian ELF.
 */
export function stripElf(path: string): number {
  const file = openSync(path, 'r+');
  try {
    const header = Buffer.alloc(headerBytes);
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return 0;
    if (header.readUInt32LE(0) !== magic || header[4] !== 2 || header[5] !== 1) return 0;
    const sections = Number(header.readBigUInt64LE(40));
    const end = loadedEnd(file, header);
    // Without section headers at the end it was stripped before, or is laid out in another way.
    if (end === 0 || sections < end) return 0;
    const before = sections + header.readUInt16LE(58) * header.readUInt16LE(60);
    header.writeBigUInt64LE(0n, 40);
    header.fill(0, 58, 64);
    writeSync(file, header, 0, headerBytes, 0);
    ftruncateSync(file, end);
    return before - end;
  } finally {
    closeSync(file);
  }
}

function loadedEnd(file: number, header: Buffer): number {
  const offset = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  if (count > maxProgramHeaders) return 0;
  const entry = Buffer.alloc(size);
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    if (readSync(file, entry, 0, size, offset + index * size) < size) return 0;
    end = Math.max(end, Number(entry.readBigUInt64LE(8) + entry.readBigUInt64LE(32)));
  }
  return end;
}
