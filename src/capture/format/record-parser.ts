import type { PacketSink } from '../contract.ts';

/**
 * Longest record that is believed. Longer ones are damage: the largest packets that Linux makes (BIG
 * TCP) are 512 KiB, USB captures go up to a few MiB.
 */
export const MAX_RECORD_BYTES = 16 << 20;

/**
 * Reads the records of one capture format from a window of bytes. A parser keeps its position
 * nowhere: the reader holds the bytes, and calls again with the unread ones and more.
 */
export interface RecordParser {
  /**
   * Hands on every whole record in `bytes[start, end)` and returns where the first record that is
   * not whole (or is damaged) begins.
   */
  parse(bytes: Uint8Array, start: number, end: number, sink: PacketSink): number;
  /** Packets handed on so far. */
  packets: number;
  /** Captured bytes of those packets. */
  packetBytes: number;
  /** How many bytes the next record needs to be whole, as far as known. */
  needed: number;
  /** Why the record where `parse` stopped cannot be read; empty when more bytes will help. */
  damage: string;
  /** Packets that the capturing program reported as dropped. */
  dropped: number;
}

/** Unsigned 32 bits, least significant byte first. */
export function readUint32Little(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

/** Unsigned 32 bits, most significant byte first. */
export function readUint32Big(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

/** A number of bytes for people: `4,294,967,295`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
