/** Payload of one message → its values. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { decodeProto } from './decode-proto.ts';
import { newDecodeState } from './decode-state.ts';
import { contentOfMessage } from './message-content.ts';
import { type KeptMessage, PrefixFlag } from './payload.ts';
import { learnFromAnswer, types } from './registry.ts';
import type { MethodSchema } from './schema.ts';

/** A message's content, decoded. */
export interface DecodedContent {
  readonly value: Value;
  /** Full name of its type; undefined: it is not known. */
  readonly type: string | undefined;
  readonly remarks: readonly string[];
}

/** Values nested deeper than this are cut by the details pane anyway. */
const utf8 = new TextDecoder();

/** Content by its format and its method's types. */
export function decodeContent(
  bytes: Uint8Array,
  format: string,
  path: string,
  isRequest: boolean,
): DecodedContent {
  if (format === 'json') return decodeJson(bytes);
  const typeName = typeOf(types.method(path), isRequest);
  const schema = typeName === undefined ? undefined : types.message(typeName);
  if (format !== 'proto') {
    const base64 = Buffer.from(bytes).toString('base64');
    return { value: base64, type: undefined, remarks: [`${format}: shown as base64`] };
  }
  const state = newDecodeState(types);
  const value = decodeProto(bytes, schema, state);
  return { value, type: schema?.name, remarks: [...state.remarks] };
}

function typeOf(method: MethodSchema | undefined, isRequest: boolean): string | undefined {
  return isRequest ? method?.input : method?.output;
}

function decodeJson(bytes: Uint8Array): DecodedContent {
  const text = utf8.decode(bytes);
  try {
    return { value: JSON.parse(text) as Value, type: undefined, remarks: [] };
  } catch {
    return { value: text, type: undefined, remarks: ['no whole JSON'] };
  }
}

/** `/shop.Cart/Add` → service and method. */
export function namesOf(path: string): { service: string; rpc: string } {
  const [route = ''] = path.split('?', 1);
  const at = route.lastIndexOf('/');
  return {
    service: route.slice(route.startsWith('/') ? 1 : 0, Math.max(at, 0)),
    rpc: route.slice(at + 1),
  };
}

/** The side of an entry that is one message of a call. */
export function messageValues(
  kept: KeptMessage,
  isRequest: boolean,
  payload: Uint8Array,
): ValueMap {
  const { path, index, size, flags, format } = kept;
  if (!isRequest) learnFromAnswer(payload);
  const content = contentOfMessage(kept);
  const compressed = (flags & PrefixFlag.Compressed) !== 0;
  const decoded: DecodedContent = content.coded
    ? { value: Buffer.from(content.bytes).toString('base64'), type: undefined, remarks: [] }
    : decodeContent(content.bytes, format, path, isRequest);
  const remarks = [...content.remarks, ...decoded.remarks];
  return {
    method: 'message',
    path,
    ...namesOf(path),
    index,
    size,
    compressed,
    ...(compressed && content.encoding !== '' && { encoding: content.encoding }),
    ...(decoded.type !== undefined && { type: decoded.type }),
    message: decoded.value,
    ...(remarks.length > 0 && { problems: remarks }),
  };
}
