/**
 * SOAP in bytes (SOAP 1.2, part 1, section 5): an Envelope with a Body; the operation is the Body's first
 * element, and a Fault there is a failure. Prefixes are free, so only local names count.
 */

/** Bytes before the root element: declaration, comments. */
const maxProlog = 2048;
/** Longest name of an operation. */
const maxName = 128;

/** The root, behind declaration, comments and document type. */
const envelope =
  /^(?:\uFEFF|\u00EF\u00BB\u00BF)?\s*(?:<[?!][^>]*>\s*){0,8}<(?:[\w.-]+:)?Envelope[\s>/]/;
const firstElement = /^[^>]*>\s*(?:<!--.*?-->\s*){0,4}<(?:[\w.-]+:)?([\w.-]+)/s;

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, to);
}

/** Name of the operation, `` when the Body is empty or not there; undefined: this is no SOAP. */
export function soapLabel(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (!envelope.test(latin1(bytes, from, Math.min(to, from + maxProlog)))) return undefined;
  const body = bodyAt(bytes, from, to);
  return body < 0 ? '' : (elementIn(bytes, body, to) ?? '');
}

/** Whether the Body holds a Fault. */
export function soapAnswerFails(bytes: Uint8Array, from: number, to: number): boolean {
  const body = bodyAt(bytes, from, to);
  return body >= 0 && elementIn(bytes, body, to) === 'Fault';
}

/** Name of the first element of the Body, whose name ends at `at`. */
function elementIn(bytes: Uint8Array, at: number, to: number): string | undefined {
  const text = latin1(bytes, at, Math.min(to, at + maxProlog));
  return firstElement.exec(text)?.[1]?.slice(0, maxName);
}

/** Where the name of the element Body ends, or -1. The Header before it may be long. */
function bodyAt(bytes: Uint8Array, from: number, to: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = buffer.indexOf('Body', from, 'latin1');
  while (at > from && at < to) {
    const before = bytes[at - 1];
    const behind = bytes[at + 4];
    const opens = before === 60 || (before === 58 && !closes(bytes, at - 2, from));
    if (opens && (behind === 62 || behind! <= 32)) return at + 4;
    at = buffer.indexOf('Body', at + 4, 'latin1');
  }
  return -1;
}

/** Whether the prefix that ends at `at` stands in an end tag. */
function closes(bytes: Uint8Array, at: number, from: number): boolean {
  let i = at;
  while (i > from && bytes[i] !== 60 && bytes[i] !== 47 && at - i < 64) i--;
  return bytes[i] !== 60;
}
