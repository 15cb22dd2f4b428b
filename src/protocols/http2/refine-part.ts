/** Messages of HTTP/2 → refinements of HTTP: the same functions as for HTTP/1, on what was put together. */
import type { Message } from '../../dissect/contract.ts';
import { refineAnswer, refineRequest } from '../http/refine.ts';
import { isRefined } from '../http/refined.ts';
import type { Http2Message } from './stream.ts';

/** Looks at a message as far as it is here, once the driver's is filled from it. */
export function refinePart(part: Http2Message, message: Message): void {
  const { bytes } = part.composer;
  // It may add texts of its own.
  message.isAscii = false;
  const from = part.bodyAt;
  const to = from + part.keptBytes;
  if (part.status === 0) {
    if (part.path.length > 0) refineRequest(message, bytes, 0, bytes, from, to, false);
  } else if (isRefined(part.requestNote)) {
    refineAnswer(message, part.requestNote, bytes, 0, from, bytes, from, to);
  }
}
