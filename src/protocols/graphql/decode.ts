/** Exchanges of GraphQL over HTTP: the values of HTTP, and `graphql` on either side. */
import type { DecodedExchange, Payload, Value, ValueMap } from '../../dissect/contract.ts';
import { addMember, bodyText, decodeHttp, isMap, parsedJson } from '../http/any-version.ts';
import { partsOfAnswer } from './parts.ts';
import { type GraphQlParts, graphQlRequest } from './request.ts';
import { graphQlParts, graphQlResponse } from './response.ts';

export function decode(payload: Payload): DecodedExchange {
  const decoded = decodeHttp(payload);
  const { request, response } = decoded;
  addMember(request, 'graphql', () => requestMap(request!));
  addMember(response, 'graphql', () => responseMap(response!));
  return decoded;
}

function responseMap(response: ValueMap): ValueMap | undefined {
  const { content } = response;
  const text = bodyText(response);
  const contentType = isMap(content) ? String(content['mimeType'] ?? '') : '';
  const parts = partsOfAnswer(text, contentType);
  return parts === undefined ? graphQlResponse(parsedJson(text)) : graphQlParts(parts);
}

function requestMap(request: ValueMap): ValueMap | undefined {
  const parts = partsOf(request);
  return parts === undefined
    ? { problem: 'the request could not be read as GraphQL' }
    : graphQlRequest(parts);
}

function partsOf(request: ValueMap): GraphQlParts | GraphQlParts[] | undefined {
  const { postData, queryString } = request;
  if (!isMap(postData)) return isMap(queryString) ? partsOfQuery(queryString) : undefined;
  const { mimeType, params } = postData;
  const text = bodyText(request);
  if (/^application\/graphql\s*(;|$)/i.test(String(mimeType))) return { query: text };
  if (!Array.isArray(params)) return partsOfJson(parsedJson(text));
  const operations = params.filter(isMap).find(({ name }) => name === 'operations');
  return partsOfJson(parsedJson(String(operations?.['value'] ?? '')));
}

function partsOfJson(json: Value | undefined): GraphQlParts | GraphQlParts[] | undefined {
  if (Array.isArray(json)) return json.filter(isMap);
  return isMap(json) ? json : undefined;
}

/** A GET: variables and extensions are JSON. */
function partsOfQuery(query: ValueMap): GraphQlParts {
  const text = (name: string) => {
    const value = query[name];
    return typeof value === 'string' ? value : undefined;
  };
  const { operationName } = query;
  return {
    query: text('query'),
    operationName,
    variables: parsedJson(text('variables') ?? ''),
    extensions: parsedJson(text('extensions') ?? ''),
  };
}
