/** The body of a call → its messages and, where it has one, its end. */
import { inflateAll } from '../http/decode-codings.ts';
import { type DecodedContent, decodeContent } from './decode-message.ts';
import { guessCoding } from './guess-coding.ts';
import { Flavour, PrefixFlag } from './payload.ts';

/** Messages of a call that stand in its entry; each has an entry of its own. */
const maxMessages = 100;
const prefixBytes = 5;

export interface CallBody {
  readonly messages: readonly DecodedContent[];
  /** Messages that were kept beyond those. */
  readonly more: number;
  /** Trailers of gRPC-Web, the end of Connect. */
  readonly end: Uint8Array | undefined;
  readonly remarks: readonly string[];
}

export interface BodyKind {
  readonly flavour: Flavour;
  readonly encoding: string;
  readonly format: string;
  readonly path: string;
  readonly isRequest: boolean;
}

/** The messages behind prefixes in a body, as far as it was kept. */
export function callBody(body: Uint8Array, kind: BodyKind): CallBody {
  const messages: DecodedContent[] = [];
  const remarks: string[] = [];
  let end: Uint8Array | undefined;
  let more = 0;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  for (let at = 0; at < body.length; ) {
    if (at + prefixBytes > body.length) {
      remarks.push('the body ends within a message');
      break;
    }
    const flags = view.getUint8(at);
    const from = at + prefixBytes;
    const to = from + view.getUint32(at + 1);
    if (to > body.length) {
      remarks.push('the body ends within a message');
      break;
    }
    at = to;
    const content = plain(body.subarray(from, to), flags, kind.encoding);
    if (isEnd(flags, kind.flavour)) end = content ?? new Uint8Array(0);
    else if (messages.length >= maxMessages) more++;
    else messages.push(decoded(content, body.subarray(from, to), kind));
  }
  return { messages, more, end, remarks };
}

function isEnd(flags: number, flavour: Flavour): boolean {
  if (flavour === Flavour.GrpcWeb) return (flags & PrefixFlag.Trailers) !== 0;
  return flavour === Flavour.Connect && (flags & PrefixFlag.EndOfStream) !== 0;
}

/** Undefined: compressed by what is not known. */
function plain(content: Uint8Array, flags: number, encoding: string): Uint8Array | undefined {
  if ((flags & PrefixFlag.Compressed) === 0) return content;
  const said = encoding === 'identity' ? '' : encoding;
  const coding = said === '' ? guessCoding(content) : said;
  if (coding === undefined) return undefined;
  const { bytes, remark } = inflateAll(content, [coding]);
  return remark === undefined ? bytes : undefined;
}

function decoded(
  content: Uint8Array | undefined,
  wire: Uint8Array,
  { format, path, isRequest }: BodyKind,
): DecodedContent {
  if (content !== undefined) return decodeContent(content, format, path, isRequest);
  const value = Buffer.from(wire).toString('base64');
  return { value, type: undefined, remarks: ['compressed: shown as on the wire'] };
}
