/** Lines of one event → fields (HTML, 9.2.6): used for the row and for the details alike. */
import { cr, lf } from '../http/parse-bytes.ts';

/** What one event says. */
export interface ServerEvent {
  /** Empty: none is given, which clients take as `message`. */
  event: string;
  id: string | undefined;
  /** The data lines, joined by line feeds; undefined: there is none. */
  data: string | undefined;
  /** Milliseconds after which a client is to connect again. */
  retry: number | undefined;
  readonly comments: string[];
}

const colon = 58;
const space = 32;

/** Lines of one event that are read. */
const maxLines = 100_000;

/** Takes an event apart. At most `limit` characters of data are needed. */
export function readEvent(bytes: Uint8Array, from: number, to: number, limit: number): ServerEvent {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const result: ServerEvent = {
    event: '',
    id: undefined,
    data: undefined,
    retry: undefined,
    comments: [],
  };
  const data: string[] = [];
  let length = 0;
  let at = from;
  for (let lines = 0; at < to && lines < maxLines; lines++) {
    const lineEnd = endOfLine(bytes, at, to);
    let colonAt = at;
    while (colonAt < lineEnd && bytes[colonAt] !== colon) colonAt++;
    const name = buffer.toString('latin1', at, colonAt);
    const valueAt = bytes[colonAt + 1] === space ? colonAt + 2 : colonAt + 1;
    if (name !== 'data' || length < limit) {
      const value = valueAt < lineEnd ? buffer.toString('utf8', valueAt, lineEnd) : '';
      if (name === 'data') {
        length += value.length + 1;
        data.push(value);
      } else takeField(result, name, value, colonAt < lineEnd);
    }
    at = lineEnd + 1;
    if (bytes[lineEnd] === cr && bytes[at] === lf) at++;
  }
  if (data.length > 0) result.data = data.join('\n');
  return result;
}

function takeField(event: ServerEvent, name: string, value: string, hasColon: boolean): void {
  if (name === '' && hasColon) event.comments.push(value);
  else if (name === 'event') event.event = value;
  else if (name === 'id' && !value.includes('\0')) event.id = value;
  else if (name === 'retry' && /^\d{1,15}$/.test(value)) event.retry = Number(value);
}

function endOfLine(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] !== cr && bytes[i] !== lf) i++;
  return i;
}
