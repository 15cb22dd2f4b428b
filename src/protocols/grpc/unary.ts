/** A unary call of Connect: its body is the message, or a GET carries it in its query. */

import { inflateAll } from '../http/decode-codings.ts';
import { contentOf, type DecodedMessage } from '../http/decode-message.ts';
import type { CallBody } from './decode-body.ts';
import { decodeContent } from './decode-message.ts';
import type { CallKind } from './open-call.ts';

/** `target`: of a request; undefined: an answer. */
export function unaryBody(
  message: DecodedMessage,
  kind: CallKind | undefined,
  path: string,
  target: string | undefined,
): CallBody {
  const empty: CallBody = { messages: [], more: 0, end: undefined, remarks: [] };
  const query = target?.includes('?') === true ? target.slice(target.indexOf('?') + 1) : undefined;
  if (kind === undefined && query !== undefined) return queryBody(query, path, empty);
  if (kind === undefined) return empty;
  const { bytes, remark } = contentOf(message);
  const format = Buffer.from(kind.format).toString('latin1');
  const decoded = decodeContent(bytes, format, path, target !== undefined);
  const remarks = remark === undefined ? [] : [remark];
  return { ...empty, messages: [decoded], remarks };
}

/** `?connect=v1&encoding=proto&base64=1&message=...` */
function queryBody(query: string, path: string, empty: CallBody): CallBody {
  const values = new URLSearchParams(query);
  const text = values.get('message');
  if (text === null) return empty;
  const coded = values.get('base64') === '1';
  const wire = Buffer.from(text, coded ? 'base64' : 'utf8');
  const compression = values.get('compression');
  const { bytes, remark } =
    compression === null ? { bytes: wire, remark: undefined } : inflateAll(wire, [compression]);
  const decoded = decodeContent(bytes, values.get('encoding') ?? 'json', path, true);
  return { ...empty, messages: [decoded], remarks: remark === undefined ? [] : [remark] };
}
