/** HTTP of any version, for what is told of a refinement: its values and sections, and members beside them. */
import type {
  DecodedExchange,
  Description,
  Payload,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import { decode as decodeHttp2 } from '../http2/decode.ts';
import { describe as describeHttp2 } from '../http2/describe.ts';
import { decode as decodeHttp1 } from './decode.ts';
import { describe as describeHttp1 } from './describe.ts';

/** `Message.version` from which a payload is that of HTTP/2. */
const http2From = 20;

/** The values of the exchange as HTTP. */
export function decodeHttp(payload: Payload): DecodedExchange {
  return payload.version >= http2From ? decodeHttp2(payload) : decodeHttp1(payload);
}

/** The sections of the exchange as HTTP. */
export function describeHttp(decoded: DecodedExchange): Description {
  const isHttp2 = (decoded.request ?? decoded.response)?.['http2'] !== undefined;
  return isHttp2 ? describeHttp2(decoded) : describeHttp1(decoded);
}

/** Gives one side another member, which is made when somebody asks for it. */
export function addMember(
  side: ValueMap | undefined,
  name: string,
  make: () => Value | undefined,
): void {
  if (side === undefined) return;
  let isMade = false;
  let made: Value | undefined;
  Object.defineProperty(side, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      if (!isMade) made = make();
      isMade = true;
      return made;
    },
  });
}

/** Text of a request's body, of an answer's; empty when there is none or it is binary. */
export function bodyText(side: ValueMap | undefined): string {
  const body = side?.['postData'] ?? side?.['content'];
  if (!isMap(body) || body['encoding'] === 'base64') return '';
  const { text } = body;
  return typeof text === 'string' ? text : '';
}

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; undefined when it is none. */
export function parsedJson(text: string): Value | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

/** Sections in front of those of HTTP. */
export function withSections(
  http: Description,
  request: readonly Section[],
  response: readonly Section[],
): Description {
  return {
    request: [...request, ...http.request],
    response: [...response, ...http.response],
  };
}
