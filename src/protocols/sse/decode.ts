/** Payload of an event → the values of an entry, and what the details pane shows. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Payload,
  Section,
  ValueMap,
} from '../../dissect/contract.ts';
import { readEvent } from './lines.ts';

export function decode(payload: Payload): DecodedExchange {
  const { response } = payload;
  return { request: undefined, response: response && decodeEvent(response) };
}

function decodeEvent(bytes: Uint8Array): ValueMap {
  const { event, id, data, retry, comments } = readEvent(bytes, 0, bytes.length, Infinity);
  return {
    event: event === '' ? 'message' : event,
    ...(id !== undefined && { id }),
    ...(data !== undefined && { data, size: Buffer.byteLength(data) }),
    ...(retry !== undefined && { retry }),
    ...(comments.length > 0 && { comments }),
  };
}

export function describe(decoded: DecodedExchange): Description {
  return {
    request: [],
    response: decoded.response === undefined ? [] : describeEvent(decoded.response),
  };
}

function describeEvent(response: ValueMap): Section[] {
  const { event, id, data, size, retry, comments } = response;
  const rows: DetailRow[] = [{ name: 'Event', value: String(event), path: 'response.event' }];
  if (typeof id === 'string') rows.push({ name: 'Id', value: id, path: 'response.id' });
  if (typeof retry === 'number') {
    rows.push({ name: 'Reconnect after (ms)', value: retry, path: 'response.retry' });
  }
  if (Array.isArray(comments)) {
    for (const [i, comment] of comments.entries()) {
      rows.push({ name: 'Comment', value: String(comment), path: `response.comments[${i}]` });
    }
  }
  const table: Section = { kind: 'table', title: 'Event', rows };
  if (typeof data !== 'string' || data === '') return [table];
  const body: Section = {
    kind: 'body',
    title: 'Data',
    mediaType: /^\s*[[{]/.test(data) ? 'application/json' : 'text/plain',
    encoding: 'text',
    content: data,
    size: Number(size),
    cut: false,
    path: 'response.data',
  };
  return [table, body];
}
