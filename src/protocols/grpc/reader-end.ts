/** How a call ended, where the body says it: trailers of gRPC-Web, the last message of Connect. */
import type { Message } from '../../dissect/contract.ts';
import { inflateBounded } from '../http/inflate-bounded.ts';
import { guessCoding } from './guess-coding.ts';
import { callCodes } from './open-call.ts';
import { codeOfConnect } from './status.ts';

/** The body has not said. */
export const noEnd = -1;

const statusLine = /(?:^|\n)grpc-status[ \t]*:[ \t]*(\d{1,5})/i;

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** `grpc-status: 5` among lines of headers or trailers; `noEnd` when it is not there. */
export function linesEnd(bytes: Uint8Array): number {
  const found = statusLine.exec(latin1(bytes));
  return found === null ? noEnd : Number(found[1]);
}

/** The same of trailers, which may be compressed. */
export function trailersEnd(bytes: Uint8Array): number {
  const status = linesEnd(bytes);
  return status === noEnd ? linesEnd(guessedContent(bytes)) : status;
}

const nothing: Uint8Array = new Uint8Array(0);

/** The content of an end that is compressed by what its bytes tell; empty when they do not. */
function guessedContent(bytes: Uint8Array): Uint8Array {
  const coding = guessCoding(bytes);
  return (coding === undefined ? undefined : inflateBounded(bytes, coding)) ?? nothing;
}

const openBrace = 0x7b;

const errorCode = /"error"\s*:\s*\{[^{}]*?"code"\s*:\s*"([a-z_]{1,32})"/;

/**
 * `{"error": {"code": "not_found"}}`; without an error the stream has ended well. `encoding`: undefined or
 * empty when nobody says whether it is compressed.
 */
export function endOfStream(bytes: Uint8Array, encoding: Uint8Array | undefined): number {
  const isSaid = encoding !== undefined && encoding.length > 0;
  const isPlain = !isSaid && (bytes.length === 0 || bytes[0] === openBrace);
  const coded = isSaid ? inflateBounded(bytes, latin1(encoding)) : guessedContent(bytes);
  const plain = isPlain ? bytes : coded;
  if (plain === undefined || (plain.length === 0 && bytes.length > 0)) return noEnd;
  const text = latin1(plain);
  const found = errorCode.exec(text);
  if (found === null) return text.includes('"error"') ? codeOfConnect('unknown') : 0;
  return codeOfConnect(found[1]!);
}

/** What the answer to a call says: its status in place of HTTP's, whether it failed. */
export function concludeCall(message: Message, code: number, status: number): void {
  if (code === callCodes.grpcWeb) {
    if (status >= 0) message.status = status;
    else if (message.status >= 100 && message.status < 400) message.status = 0;
  }
  if (status > 0) message.failed = true;
}
