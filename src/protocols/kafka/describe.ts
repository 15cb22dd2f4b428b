/** Decoded values → the sections of the details pane. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  ValueMap,
} from '../../dissect/contract.ts';
import { describePayload } from './describe-payload.ts';
import { scalarRow } from './describe-rows.ts';

export function describe(decoded: DecodedExchange): Description {
  const { request, response } = decoded;
  return {
    request: request === undefined ? [] : describeRequest(request),
    response: response === undefined ? [] : describeResponse(response),
  };
}

function describeRequest(request: ValueMap): Section[] {
  const { apiKeyName, apiKey, apiVersion, clientID, correlationID, size, bareToken } = request;
  const rows = [
    scalarRow('API', apiKeyName, 'request.apiKeyName'),
    scalarRow('API Key', apiKey, 'request.apiKey'),
    bareToken === true
      ? { name: 'API Version', value: 'none: a token without a header' }
      : scalarRow('API Version', apiVersion, 'request.apiVersion'),
    scalarRow('Client ID', clientID, 'request.clientID'),
    scalarRow('Correlation ID', correlationID, 'request.correlationID'),
    scalarRow('Size (bytes)', size, 'request.size'),
    ...problemRows(request, 'request'),
  ];
  return [
    { kind: 'table', title: 'Request Header', rows, minor: true },
    ...describePayload(request['payload'], 'request.payload'),
  ];
}

function describeResponse(response: ValueMap): Section[] {
  const { correlationID, size, errorCode, errorName, emptyFetchesBefore } = response;
  const rows = [
    scalarRow('Correlation ID', correlationID, 'response.correlationID'),
    scalarRow('Size (bytes)', size, 'response.size'),
    ...(errorCode === undefined
      ? []
      : [
          scalarRow('First Error', errorName, 'response.errorName'),
          scalarRow('First Error Code', errorCode, 'response.errorCode'),
        ]),
    ...(emptyFetchesBefore === undefined
      ? []
      : [
          scalarRow(
            'Empty Fetches Before',
            emptyFetchesBefore,
            'response.emptyFetchesBefore',
            'of this connection, without a row of their own',
          ),
        ]),
    ...problemRows(response, 'response'),
  ];
  return [
    { kind: 'table', title: 'Response Header', rows, minor: true },
    ...describePayload(response['payload'], 'response.payload'),
  ];
}

function problemRows(side: ValueMap, base: string): DetailRow[] {
  const { problems } = side;
  if (!Array.isArray(problems)) return [];
  return problems.map((each, i) =>
    scalarRow('Problem', each, `${base}.problems[${i}]`, 'malformed'),
  );
}
