/** A chunked body → its content and trailers; the cold, patient twin of `parse-chunked.ts`. */
import { type FieldLine, readHead } from './decode-head.ts';
import { hexDigit, lf } from './parse-bytes.ts';

export interface Dechunked {
  readonly content: Uint8Array;
  readonly trailers: readonly FieldLine[];
  readonly problem: string | undefined;
  /** The last chunk was there. */
  readonly isWhole: boolean;
}

/** Takes the chunks apart as far as they go. */
export function dechunk(body: Uint8Array): Dechunked {
  const parts: Uint8Array[] = [];
  let trailers: readonly FieldLine[] = [];
  let problem: string | undefined;
  let isWhole = false;
  let at = 0;
  while (at < body.length) {
    const line = readSize(body, at);
    if (line === undefined) {
      problem = `the chunk size at byte ${at.toLocaleString('en')} of the body is not a number`;
      break;
    }
    if (line.size === 0) {
      isWhole = true;
      trailers = readHead(body, line.end, false).fields;
      break;
    }
    parts.push(body.subarray(line.end, line.end + line.size));
    at = line.end + line.size;
    if (body[at] === 13) at++;
    if (body[at] === lf) at++;
  }
  return { content: joined(parts), trailers, problem, isWhole };
}

function readSize(body: Uint8Array, from: number): { size: number; end: number } | undefined {
  let i = from;
  while (body[i] === 32 || body[i] === 9) i++;
  const digits = i;
  let size = 0;
  while (i < body.length && hexDigit[body[i]!]! !== 255) {
    size = size * 16 + hexDigit[body[i]!]!;
    i++;
  }
  if (i === digits || !Number.isSafeInteger(size)) return undefined;
  const lineEnd = body.indexOf(lf, i);
  return { size, end: lineEnd < 0 ? body.length : lineEnd + 1 };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const content = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return content;
}
