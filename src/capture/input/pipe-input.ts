import net from 'node:net';
import { reasonOf } from '../source-error.ts';
import { type ByteInput, EndOfInput, NothingYet } from './byte-input.ts';
import { ChunkQueue } from './chunk-queue.ts';

/**
 * Standard input or a named pipe: bytes are handed on as soon as they arrive. It is a socket and not
 * `fs.read`, because a read that waits for a quiet pipe would hold a thread and keep the process
 * from ending.
 */
export class PipeInput implements ByteInput {
  readonly totalBytes = 0;
  private readonly socket: net.Socket;
  private readonly queue = new ChunkQueue();
  private received = 0;
  private ended = false;
  private problem = '';

  constructor(descriptor: number) {
    this.socket = new net.Socket({ fd: descriptor, readable: true, writable: false });
    this.socket.on('data', (chunk) => {
      this.received += chunk.length;
      this.queue.push(chunk);
      if (this.queue.isFull) this.socket.pause();
    });
    this.socket.on('error', (error) => {
      this.problem = `the pipe broke (${reasonOf(error)})`;
      this.end();
    });
    this.socket.on('end', () => this.end());
    this.socket.on('close', () => this.end());
  }

  async fill(target: Uint8Array, at: number, waitMs: number): Promise<number> {
    if (this.queue.isEmpty) {
      if (this.ended) return EndOfInput;
      await this.queue.changed(waitMs);
      if (this.queue.isEmpty) return this.ended ? EndOfInput : NothingYet;
    }
    const count = this.queue.take(target, at);
    if (!this.queue.isFull && !this.ended) this.socket.resume();
    return count;
  }

  readBytes(): number {
    return this.received;
  }

  failure(): string {
    return this.problem;
  }

  close(): void {
    this.end();
    this.socket.destroy();
  }

  private end(): void {
    this.ended = true;
    this.queue.signal();
  }
}
