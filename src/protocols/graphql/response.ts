/** Answers of GraphQL → their errors. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { isMap } from '../http/any-version.ts';
import { resultsIn } from './parts.ts';

/** Errors that are shown, and parts of an answer. */
const maxErrors = 200;
const maxParts = 200;

/**
 * The members of `response.graphql`, from the JSON of an answer or of a batch of them; undefined when
 * that is no answer of GraphQL.
 */
export function graphQlResponse(json: Value | undefined): ValueMap | undefined {
  const answers = (Array.isArray(json) ? json : [json]).filter(isMap);
  if (answers.length === 0) return undefined;
  const errors = answers.flatMap(resultsIn).flatMap(errorsOf);
  const map: ValueMap = { hasErrors: errors.length > 0, errorCount: errors.length };
  if (errors.length > 0) map['errors'] = errors.slice(0, maxErrors).map(errorMap);
  const withData = answers.find(({ data }) => isMap(data));
  if (isMap(withData?.['data'])) map['fields'] = Object.keys(withData['data']);
  if (Array.isArray(json)) map['batchSize'] = json.length;
  return map;
}

function errorsOf(result: Value): Value[] {
  const errors = isMap(result) ? result['errors'] : undefined;
  return Array.isArray(errors) ? errors : [];
}

/** The members of `response.graphql` of an answer that came in parts. */
export function graphQlParts(parts: Value[]): ValueMap | undefined {
  const all = graphQlResponse(parts);
  if (all === undefined) return undefined;
  const { batchSize: partCount, ...map } = all;
  const last = parts.at(-1);
  const isOpen = isMap(last) && last['hasNext'] === true;
  const payload = parts.find((part) => isMap(part) && isMap(part['payload']));
  const carried = isMap(payload) ? graphQlResponse(payload['payload'])?.['fields'] : undefined;
  return {
    ...(carried !== undefined && { fields: carried }),
    ...map,
    partCount,
    parts: parts.slice(0, maxParts),
    ...(isOpen && { hasNext: true }),
  };
}

/** `message`, `path` as `cart.items.0`, `code` out of the extensions, `line` and `column`. */
function errorMap(error: Value): ValueMap {
  if (!isMap(error)) return { message: String(error) };
  const { message, path, extensions, locations } = error;
  const map: ValueMap = { message: typeof message === 'string' ? message : '' };
  if (Array.isArray(path)) map['path'] = path.map(String).join('.');
  if (isMap(extensions)) {
    const { code } = extensions;
    if (typeof code === 'string' || typeof code === 'number') map['code'] = code;
  }
  const [place] = Array.isArray(locations) ? locations : [];
  if (isMap(place)) {
    map['line'] = place['line'];
    map['column'] = place['column'];
  }
  return map;
}
