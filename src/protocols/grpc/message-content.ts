/** Kept message → its content without compression. */
import { inflateAll } from '../http/decode-codings.ts';
import { type KeptMessage, PrefixFlag, Remark } from './payload.ts';

export interface MessageContent {
  readonly bytes: Uint8Array;
  /** In words. */
  readonly remarks: readonly string[];
  /** It could not be decompressed. */
  readonly coded: boolean;
}

/** Compressed messages are so one by one (flag 1), by the encoding of their direction. */
export function contentOfMessage(kept: KeptMessage): MessageContent {
  const { flags, encoding, content } = kept;
  const remarks = remarksOf(kept);
  if ((flags & PrefixFlag.Compressed) === 0) return { bytes: content, remarks, coded: false };
  return inflated(content, encoding, remarks);
}

function inflated(content: Uint8Array, encoding: string, remarks: string[]): MessageContent {
  if (encoding === '' || encoding === 'identity') {
    remarks.push('compressed, by what was said before the capture started');
    return { bytes: content, remarks, coded: true };
  }
  const { bytes, remark } = inflateAll(content, [encoding]);
  if (remark !== undefined) remarks.push(remark);
  return { bytes, remarks, coded: remark?.includes('as on the wire') === true };
}

function remarksOf({ remarks, content, size }: KeptMessage): string[] {
  const words: string[] = [];
  if ((remarks & Remark.Hole) !== 0) words.push('bytes were lost by the capture');
  if ((remarks & Remark.Unfinished) !== 0) words.push('broken off');
  if ((remarks & Remark.Cut) !== 0) {
    const kept = content.length.toLocaleString('en');
    words.push(`the first ${kept} of ${size.toLocaleString('en')} bytes were kept`);
  }
  return words;
}
