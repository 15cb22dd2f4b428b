/** Answers of GraphQL in parts (multipart/mixed) → the parts. */
import type { Value } from '../../dissect/contract.ts';
import { isMap, parsedJson } from '../http/any-version.ts';
import { mediaTypeOf, parameterOf } from '../http/decode-text.ts';

/** Parts of an answer that are read. */
const maxParts = 1000;

/** The JSON of each part; undefined: the body is none that has parts. What is no JSON is left out. */
export function partsOfAnswer(text: string, contentType: string): Value[] | undefined {
  if (mediaTypeOf(contentType) !== 'multipart/mixed') return undefined;
  // A boundary that is not named is `-` (incremental delivery over HTTP).
  const boundary = parameterOf(contentType, 'boundary') ?? '-';
  const delimiter = `\n--${boundary}`;
  const parts: Value[] = [];
  const body = `\n${text}`;
  let at = body.indexOf(delimiter);
  for (let i = 0; i < maxParts && at >= 0; i++) {
    const from = at + delimiter.length;
    if (body.startsWith('--', from)) break;
    const next = body.indexOf(delimiter, from);
    const part = body.slice(from, next < 0 ? body.length : next);
    const fieldsEnd = /\r?\n\r?\n/.exec(part);
    const json = fieldsEnd && parsedJson(part.slice(fieldsEnd.index + fieldsEnd[0].length).trim());
    if (isMap(json ?? undefined)) parts.push(json!);
    at = next;
  }
  return parts;
}

/** Results within a part: itself, what it carries for a subscription, what was deferred, what has ended. */
export function resultsIn(part: Value): Value[] {
  if (!isMap(part)) return [];
  const { payload, incremental, completed } = part;
  const nested = [incremental, completed].flatMap((each) => (Array.isArray(each) ? each : []));
  return [part, ...(isMap(payload) ? [payload] : []), ...nested];
}
