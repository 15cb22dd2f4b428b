/** Messages of GraphQL over WebSocket: the values of WebSocket, and `graphql` beside them. */
import type {
  DecodedExchange,
  Description,
  Payload,
  Section,
  ValueMap,
} from '../../dissect/contract.ts';
import { addMember, isMap, parsedJson, withSections } from '../http/any-version.ts';
import { decode as decodeSocket, describe as describeSocket } from '../websocket/decode.ts';
import { requestSections, responseSections } from './describe.ts';
import { graphQlRequest } from './request.ts';
import { graphQlResponse } from './response.ts';

export function decode(payload: Payload): DecodedExchange {
  const decoded = decodeSocket(payload);
  for (const side of [decoded.request, decoded.response]) {
    addMember(side, 'graphql', () => graphQlOf(side!));
  }
  return decoded;
}

/** `messageType` and `id`, and what the payload says: an operation, a result, errors. */
function graphQlOf({ text }: ValueMap): ValueMap | undefined {
  const json = parsedJson(String(text));
  if (!isMap(json)) return undefined;
  const { type, id, payload } = json;
  const map: ValueMap = { messageType: String(type) };
  if (id !== undefined) map['id'] = String(id);
  if (type === 'subscribe' || type === 'start') {
    return { ...map, ...(isMap(payload) && graphQlRequest(payload)) };
  }
  if (type === 'error') {
    const errors = Array.isArray(payload) ? payload : [payload];
    return { ...map, ...graphQlResponse({ errors }) };
  }
  if (type === 'next' || type === 'data') return { ...map, ...graphQlResponse(payload) };
  return map;
}

export function describe(decoded: DecodedExchange): Description {
  const { request, response } = decoded;
  return withSections(
    describeSocket(decoded),
    sections(request, 'request.graphql'),
    sections(response, 'response.graphql'),
  );
}

function sections(side: ValueMap | undefined, path: string): Section[] {
  const graphql = side?.['graphql'];
  if (!isMap(graphql)) return [];
  const { messageType, id } = graphql;
  const rows = [{ name: 'Type', value: String(messageType), path: `${path}.messageType` }];
  if (id !== undefined) rows.push({ name: 'Id', value: String(id), path: `${path}.id` });
  const isRequest = messageType === 'subscribe' || messageType === 'start';
  return [
    { kind: 'table', title: 'GraphQL Message', rows },
    ...(isRequest ? requestSections(graphql, path) : responseSections(graphql, path)),
  ];
}
