/** A message's body as text, or as base64 when it is none. */
import type { ValueMap } from '../../dissect/contract.ts';
import { inflateAll } from '../http/decode-codings.ts';
import { decodeText } from '../http/decode-text.ts';

export interface Body {
  /** What was kept of it, as sent. */
  readonly bytes: Uint8Array;
  /** Its length by its header. */
  readonly size: number;
  readonly cut: boolean;
  readonly contentType: string;
  readonly contentEncoding: string;
}

const codings = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

/**
 * `body` (text, or base64 as `bodyEncoding` then says), `bodySize` as sent, `bodyKept` when only so much
 * of it was, `bodyRemark`. Decoded when they are first read.
 */
export function bodyFields(body: Body): PropertyDescriptorMap {
  let decoded: ValueMap | undefined;
  const get = (name: string) => () => {
    decoded ??= decodeBody(body);
    return decoded[name];
  };
  const fields: PropertyDescriptorMap = {
    bodySize: { value: body.size, enumerable: true },
    body: { get: get('body'), enumerable: true },
    bodyEncoding: { get: get('bodyEncoding'), enumerable: true },
    bodyRemark: { get: get('bodyRemark'), enumerable: true },
  };
  if (body.bytes.length < body.size) {
    fields['bodyKept'] = { value: body.bytes.length, enumerable: true };
    fields['bodyCut'] = { value: true, enumerable: true };
  }
  return fields;
}

function decodeBody({ bytes, size, cut, contentType, contentEncoding }: Body): ValueMap {
  const coding = contentEncoding.trim().toLowerCase();
  const inflated = codings.has(coding) ? inflateAll(bytes, [coding]) : undefined;
  const content = inflated?.bytes ?? bytes;
  const text = decodeText(content, contentType, !cut && bytes.length === size);
  const remarks = [inflated?.remark, text?.remark].filter((remark) => remark !== undefined);
  const remark = remarks.length > 0 ? remarks.join('; ') : undefined;
  if (text !== undefined) return { body: text.text, bodyRemark: remark };
  const base64 = Buffer.from(content.buffer, content.byteOffset, content.length).toString('base64');
  return { body: base64, bodyEncoding: 'base64', bodyRemark: remark };
}
