/** Events that answer GraphQL (GraphQL over SSE): the values of an event, and `graphql` beside them. */
import type { DecodedExchange, Description, Payload, Value } from '../../dissect/contract.ts';
import { addMember, isMap, parsedJson, withSections } from '../http/any-version.ts';
import { decode as decodeSse, describe as describeSse } from '../sse/decode.ts';
import { responseSections } from './describe.ts';
import { graphQlResponse } from './response.ts';

export function decodeEvent(payload: Payload): DecodedExchange {
  const decoded = decodeSse(payload);
  const { response } = decoded;
  addMember(response, 'graphql', () =>
    graphQlResponse(resultIn(parsedJson(String(response!['data'])))),
  );
  return decoded;
}

/** The result itself, or with the id of its operation when one stream serves several. */
function resultIn(json: Value | undefined): Value | undefined {
  return isMap(json) && isMap(json['payload']) && json['id'] !== undefined ? json['payload'] : json;
}

export function describeEvent(decoded: DecodedExchange): Description {
  const errors = responseSections(decoded.response?.['graphql'], 'response.graphql');
  return withSections(describeSse(decoded), [], errors);
}
