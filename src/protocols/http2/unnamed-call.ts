/** Calls of gRPC whose headers were sent before the capture started. */
import { areMessages } from '../grpc/prefixes.ts';
import { Figure } from './payload.ts';
import type { Http2Message } from './stream.ts';

/**
 * Whether a request is one of gRPC although its media type is among the headers that are not known: what has
 * come of its body is nothing but messages behind prefixes.
 */
export function isUnnamedRequest(part: Http2Message): boolean {
  return part.figures[Figure.unknownFields]! > 0 && part.status === 0 && holdsMessages(part);
}

/**
 * The same of an answer that is complete: trailers have to follow the messages, which neither gRPC-Web nor
 * Connect has. Ask before its figures are composed.
 */
export function isUnnamedAnswer(part: Http2Message): boolean {
  if (part.figures[Figure.unknownFields] === 0 || part.status !== okStatus) return false;
  const { composer, bodyAt, keptBytes } = part;
  const hasTrailers = composer.used > bodyAt + keptBytes;
  return hasTrailers && holdsMessages(part);
}

function holdsMessages(part: Http2Message): boolean {
  const { composer, bodyAt, keptBytes, bodyBytes, contentType } = part;
  if (bodyBytes === 0 || keptBytes < bodyBytes || contentType.length > 0 || part.hole) return false;
  return areMessages(composer.bytes, bodyAt, bodyAt + keptBytes);
}

/** gRPC answers with no other. */
const okStatus = 200;
