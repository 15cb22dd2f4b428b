/** Messages of gRPC behind their prefixes, told by nothing else: `u8 flags · u32 length · content`. */
import { PrefixFlag } from './payload.ts';

const prefixBytes = 5;

/**
 * Whether `bytes[from, to)` are nothing but messages of gRPC behind prefixes, at least one with content: the
 * last one ends where the bytes do. Of 2^39 other bodies one looks so.
 */
export function areMessages(bytes: Uint8Array, from: number, to: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let hasContent = false;
  let at = from;
  while (at + prefixBytes <= to) {
    if (bytes[at]! > PrefixFlag.Compressed) return false;
    const length = view.getUint32(at + 1);
    hasContent ||= length > 0;
    at += prefixBytes + length;
  }
  return at === to && hasContent;
}
