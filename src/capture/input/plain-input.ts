import fs from 'node:fs';
import { reasonOf } from '../source-error.ts';
import { type ByteInput, EndOfInput } from './byte-input.ts';

/** A regular file, read synchronously: one system call per chunk and no event loop in between. */
export class PlainInput implements ByteInput {
  readonly totalBytes: number;
  private readonly descriptor: number;
  private position = 0;
  private problem = '';
  private open = true;

  constructor(descriptor: number, totalBytes: number) {
    this.descriptor = descriptor;
    this.totalBytes = totalBytes;
  }

  fill(target: Uint8Array, at: number, _waitMs: number): number {
    if (!this.open) return EndOfInput;
    try {
      const count = fs.readSync(this.descriptor, target, at, target.length - at, this.position);
      this.position += count;
      return count;
    } catch (error) {
      this.problem = `the file can no longer be read (${reasonOf(error)})`;
      return EndOfInput;
    }
  }

  readBytes(): number {
    return this.position;
  }

  failure(): string {
    return this.problem;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    // Descriptor 0 belongs to the process.
    if (this.descriptor !== 0) fs.closeSync(this.descriptor);
  }
}
