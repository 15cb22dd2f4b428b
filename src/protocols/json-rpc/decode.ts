/** Exchanges of JSON-RPC 2.0 over HTTP: the values of HTTP, and `jsonrpc` on either side. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Payload,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import {
  addMember,
  bodyText,
  decodeHttp,
  describeHttp,
  isMap,
  parsedJson,
  withSections,
} from '../http/any-version.ts';
import { decode as decodeSocket, describe as describeSocket } from '../websocket/decode.ts';

/** Calls of a batch that are shown. */
const maxCalls = 200;

export function decode(payload: Payload): DecodedExchange {
  const decoded = decodeHttp(payload);
  const { request, response } = decoded;
  addMember(request, 'jsonrpc', () => messageMap(parsedJson(bodyText(request)), callMap));
  addMember(response, 'jsonrpc', () => messageMap(parsedJson(bodyText(response)), answerMap));
  return decoded;
}

/** Over WebSocket either end calls, and either answers. */
export function decodeMessage(payload: Payload): DecodedExchange {
  const decoded = decodeSocket(payload);
  for (const side of [decoded.request, decoded.response]) {
    addMember(side, 'jsonrpc', () =>
      messageMap(parsedJson(String(side!['text'])), (message) =>
        message['method'] === undefined ? answerMap(message) : callMap(message),
      ),
    );
  }
  return decoded;
}

export function describeMessage(decoded: DecodedExchange): Description {
  const of = (message: ValueMap, path: string, title: string) =>
    message['method'] === undefined
      ? answerSections(message, path, title)
      : callSections(message, path, title);
  return withSections(
    describeSocket(decoded),
    sections(decoded.request?.['jsonrpc'], 'request.jsonrpc', of),
    sections(decoded.response?.['jsonrpc'], 'response.jsonrpc', of),
  );
}

type Reader = (message: ValueMap) => ValueMap;

/** One message, or a batch: then the members are those of the first, and `batch` has all. */
function messageMap(json: Value | undefined, read: Reader): ValueMap | undefined {
  if (isMap(json)) return read(json);
  if (!Array.isArray(json)) return undefined;
  const batch = json.slice(0, maxCalls).filter(isMap).map(read);
  return { ...batch[0], batchSize: json.length, batch };
}

function callMap({ id, method, params }: ValueMap): ValueMap {
  return {
    method: String(method ?? ''),
    notification: id === undefined,
    ...idMember(id),
    ...(params !== undefined && { params }),
  };
}

/** Ids are texts or numbers; here they are texts. */
function idMember(id: Value | undefined): ValueMap {
  return typeof id === 'string' || typeof id === 'number' ? { id: String(id) } : {};
}

function answerMap({ id, result, error }: ValueMap): ValueMap {
  const map = idMember(id);
  if (result !== undefined) map['result'] = result;
  if (isMap(error)) {
    const { code, message, data } = error;
    map['error'] = { code, message, ...(data !== undefined && { data }) };
  }
  return map;
}

export function describe(decoded: DecodedExchange): Description {
  return withSections(
    describeHttp(decoded),
    sections(decoded.request?.['jsonrpc'], 'request.jsonrpc', callSections),
    sections(decoded.response?.['jsonrpc'], 'response.jsonrpc', answerSections),
  );
}

type Sections = (message: ValueMap, path: string, title: string) => Section[];

function sections(jsonrpc: Value | undefined, path: string, of: Sections): Section[] {
  if (!isMap(jsonrpc)) return [];
  const { batch } = jsonrpc;
  if (!Array.isArray(batch)) return of(jsonrpc, path, '');
  return batch.filter(isMap).flatMap((each, i) => of(each, `${path}.batch[${i}]`, `${i}: `));
}

function row(name: string, value: Value | undefined, path: string): DetailRow[] {
  if (value === undefined || value === null) return [];
  const shown = typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
  return [{ name, value: shown, path }];
}

function callSections(call: ValueMap, path: string, title: string): Section[] {
  const { method, id, notification, params } = call;
  const rows = [
    ...row('Method', method, `${path}.method`),
    ...row('Id', id, `${path}.id`),
    ...row('Notification', notification, `${path}.notification`),
  ];
  const table: Section = { kind: 'table', title: `${title}JSON-RPC Call`, rows };
  if (params === undefined) return [table];
  return [table, { kind: 'tree', title: `${title}Params`, value: params, path: `${path}.params` }];
}

function answerSections(answer: ValueMap, path: string, title: string): Section[] {
  const { id, result, error } = answer;
  const rows = row('Id', id, `${path}.id`);
  if (isMap(error)) {
    rows.push(...row('Error Code', error['code'], `${path}.error.code`));
    rows.push(...row('Error', error['message'], `${path}.error.message`));
  }
  const made: Section[] = [{ kind: 'table', title: `${title}JSON-RPC Answer`, rows }];
  const tree = (name: string, value: Value | undefined, at: string) => {
    if (value !== undefined) made.push({ kind: 'tree', title: `${title}${name}`, value, path: at });
  };
  tree('Result', result, `${path}.result`);
  if (isMap(error)) tree('Error Data', error['data'], `${path}.error.data`);
  return made.filter((each) => each.kind !== 'table' || each.rows.length > 0);
}
