/** Calls of gRPC whose headers were sent before the capture started. */
import { areMessages } from '../grpc/prefixes.ts';
import { Figure } from './payload.ts';
import type { Http2Message } from './stream.ts';

/**
 * Whether an answer is one of gRPC although its media type is among the headers that are not known: its body
 * is nothing but messages behind prefixes, and trailers follow it, which neither gRPC-Web nor Connect has.
 * Ask before its figures are composed.
 */
export function isUnnamedAnswer(part: Http2Message): boolean {
  if (part.figures[Figure.unknownFields] === 0 || part.status !== okStatus) return false;
  const { composer, bodyAt, keptBytes, bodyBytes, contentType } = part;
  const hasTrailers = composer.used > bodyAt + keptBytes;
  if (!hasTrailers || bodyBytes === 0 || keptBytes < bodyBytes) return false;
  if (contentType.length > 0 || part.hole) return false;
  return areMessages(composer.bytes, bodyAt, bodyAt + keptBytes);
}

/** gRPC answers with no other. */
const okStatus = 200;
