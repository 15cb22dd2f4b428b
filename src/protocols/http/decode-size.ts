/** A message of which perhaps only the beginning was kept → how long its body really is. */
import { fieldElements, fieldValue } from './decode-head.ts';
import type { DecodedMessage } from './decode-message.ts';

/** What was kept of a message. */
export interface Kept {
  /** Length in bytes. */
  readonly bytes: number;
  /** The body's end was left out because of the body limit. */
  readonly cut: boolean;
  /** Length of the whole message on the wire, bytes; undefined when it is not known. */
  readonly wireBytes: number | undefined;
}

/** Length of a body as transferred, without chunks, in bytes. */
export interface BodyLength {
  readonly bytes: number;
  /** Taken from the length on the wire, which has the sizes of chunks and unredacted secrets. */
  readonly about: boolean;
}

/** That of a cut body is what its head says, or what came on the wire behind what was kept. */
export function bodyLength(message: DecodedMessage, kept: Kept): BodyLength {
  const { length } = message.transferred;
  if (!kept.cut) return { bytes: length, about: false };
  const { fields } = message.head;
  if (fieldElements(fields, 'transfer-encoding').length === 0) {
    const declared = Number(fieldValue(fields, 'content-length')?.split(',')[0]);
    if (declared >= length) return { bytes: declared, about: false };
  }
  const left = (kept.wireBytes ?? 0) - kept.bytes;
  return { bytes: length + Math.max(left, 0), about: true };
}

/** `the first 1,048,576 of 3,145,728 bytes were kept` */
export function cutRemark(message: DecodedMessage, { bytes, about }: BodyLength): string {
  const first = message.transferred.length.toLocaleString('en');
  const whole = bytes.toLocaleString('en');
  return `the first ${first} of ${about ? 'about ' : ''}${whole} bytes were kept`;
}
