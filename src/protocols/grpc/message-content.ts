/** Kept message → its content without compression. */
import { inflateAll } from '../http/decode-codings.ts';
import { guessCoding } from './guess-coding.ts';
import { type KeptMessage, PrefixFlag, Remark } from './payload.ts';

export interface MessageContent {
  readonly bytes: Uint8Array;
  /** In words. */
  readonly remarks: readonly string[];
  /** It could not be decompressed. */
  readonly coded: boolean;
  /** What it was compressed by; empty: it was not, or nobody knows. */
  readonly encoding: string;
}

/** Compressed messages are so one by one (flag 1), by the encoding of their direction. */
export function contentOfMessage(kept: KeptMessage): MessageContent {
  const { flags, encoding, content } = kept;
  const remarks = remarksOf(kept);
  if ((flags & PrefixFlag.Compressed) === 0) {
    return { bytes: content, remarks, coded: false, encoding: '' };
  }
  return inflated(content, encoding, remarks);
}

/** What says the coding is in headers, which are not at hand or were lost: then the bytes tell. */
function inflated(content: Uint8Array, said: string, remarks: string[]): MessageContent {
  const encoding = said === '' || said === 'identity' ? (guessCoding(content) ?? '') : said;
  if (encoding === '') {
    remarks.push('compressed, by what was said before the capture started');
    return { bytes: content, remarks, coded: true, encoding };
  }
  const { bytes, remark } = inflateAll(content, [encoding]);
  if (remark !== undefined) remarks.push(remark);
  return { bytes, remarks, coded: remark?.includes('as on the wire') === true, encoding };
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
