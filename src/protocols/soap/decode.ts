/**
 * Exchanges of SOAP 1.1 and 1.2 over HTTP: the values of HTTP, and `soap` on either side. The envelope is
 * read for the few names that tell what a call is, not as XML: its text is there for the rest.
 */
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
  withSections,
} from '../http/any-version.ts';
import { parameterOf } from '../http/decode-text.ts';
import { soapLabel } from './skim.ts';

/** Text of an envelope that is searched. */
const maxSearched = 1 << 20;
/** Longest text of a fault that is shown. */
const maxText = 4096;
const soap12 = 'http://www.w3.org/2003/05/soap-envelope';

export function decode(payload: Payload): DecodedExchange {
  const decoded = decodeHttp(payload);
  const { request, response } = decoded;
  addMember(request, 'soap', () => requestMap(request!));
  addMember(response, 'soap', () => responseMap(response!));
  return decoded;
}

function envelopeMap(side: ValueMap): ValueMap | undefined {
  const text = bodyText(side).slice(0, maxSearched);
  const bytes = Buffer.from(text);
  const operation = soapLabel(bytes, 0, bytes.length);
  if (operation === undefined) return undefined;
  const map: ValueMap = { version: text.includes(soap12) ? '1.2' : '1.1' };
  if (operation !== '') map['operation'] = operation;
  return map;
}

/** The action: header SOAPAction (1.1), parameter of the media type (1.2), or WS-Addressing. */
function requestMap(request: ValueMap): ValueMap | undefined {
  const map = envelopeMap(request);
  if (map === undefined) return undefined;
  const action =
    header(request, 'soapaction')
      ?.trim()
      .replace(/^"(.*)"$/, '$1') ||
    parameterOf(header(request, 'content-type') ?? '', 'action') ||
    elementText(bodyText(request), 'Action');
  if (action !== undefined && action !== '') map['action'] = action;
  return map;
}

function header(side: ValueMap, name: string): string | undefined {
  const { headers } = side;
  if (!isMap(headers)) return undefined;
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : String(headers[key]);
}

function responseMap(response: ValueMap): ValueMap | undefined {
  const map = envelopeMap(response);
  if (map?.['operation'] !== 'Fault') return map;
  const text = bodyText(response).slice(0, maxSearched);
  const at = Math.max(0, text.search(/<(?:[\w.-]{1,64}:)?Fault[\s>]/));
  const inner = text.slice(at);
  const code = elementText(inner, 'faultcode') ?? elementText(inner, 'Value');
  const reason = elementText(inner, 'faultstring') ?? elementText(inner, 'Text');
  const actor = elementText(inner, 'faultactor') ?? elementText(inner, 'Role');
  map['fault'] = {
    ...(code !== undefined && { code }),
    ...(reason !== undefined && { reason }),
    ...(actor !== undefined && { actor }),
  };
  return map;
}

/** The text of the first element with this local name that holds nothing but text. */
function elementText(text: string, name: string): string | undefined {
  const open = new RegExp(`<(?:[\\w.-]{1,64}:)?${name}(?:\\s[^>]{0,1024})?>([^<]{0,${maxText}})<`);
  const found = open.exec(text)?.[1]?.trim();
  return found === undefined || found === '' ? undefined : unescaped(found);
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_all, name: string) => entities[name]!);
}

export function describe(decoded: DecodedExchange): Description {
  return withSections(
    describeHttp(decoded),
    sections(decoded.request?.['soap'], 'request.soap'),
    sections(decoded.response?.['soap'], 'response.soap'),
  );
}

function sections(soap: Value | undefined, path: string): Section[] {
  if (!isMap(soap)) return [];
  const fault = isMap(soap['fault']) ? soap['fault'] : {};
  const rows: DetailRow[] = [];
  const add = (name: string, value: Value | undefined, member: string) => {
    if (value !== undefined) rows.push({ name, value: String(value), path: `${path}.${member}` });
  };
  add('Operation', soap['operation'], 'operation');
  add('Action', soap['action'], 'action');
  add('Version', soap['version'], 'version');
  add('Fault Code', fault['code'], 'fault.code');
  add('Fault', fault['reason'], 'fault.reason');
  add('Fault Actor', fault['actor'], 'fault.actor');
  return [{ kind: 'table', title: 'SOAP', rows }];
}
