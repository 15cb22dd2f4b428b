/**
 * HTTP/2: frames of a connection → messages (`parse.ts`), put together as payloads (`payload.ts`) → values
 * by the names of HTTP/1 (`decode.ts`).
 */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Parser, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { httpVersionText } from '../http/version-text.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { parse } from './parse.ts';
import { end, hole, inMessage, resync, resyncTail } from './parse-loss.ts';
import { recognise } from './recognise.ts';
import { Http2State } from './stream.ts';

const require = createRequire(import.meta.url);

export const http2Parser: Parser<Http2State> = {
  recognise,
  newState: (_side, upgraded, redacting) => new Http2State(redacting, upgraded),
  parse,
  hole,
  resync,
  resyncTail,
  end,
  inMessage,
};

/** What HTTP/1 does not have; all else is declared there, under the same names. */
const fields: readonly FieldDeclaration[] = [
  { path: 'request.scheme', type: 'text', help: ':scheme of the request' },
  ...(['request', 'response'] as const).flatMap((side): FieldDeclaration[] => [
    { path: `${side}.http2`, type: 'map', help: 'Frames of this direction of the stream' },
    { path: `${side}.http2.streamId`, type: 'number', help: 'Stream of HTTP/2' },
    { path: `${side}.http2.dataFrames`, type: 'number', help: 'DATA frames' },
    { path: `${side}.http2.reset`, type: 'text', help: 'Error code by which it was reset' },
  ]),
];

export const http2Protocol: Protocol = {
  code: 2,
  id: 'http2',
  name: 'http',
  upgradeToken: 'h2c',
  title: 'Hypertext Transfer Protocol 2',
  label: 'HTTP/2',
  colour: '#244c5a',
  textColour: '#ffffff',
  specification: 'https://www.rfc-editor.org/rfc/rfc9113',
  ports: [80, 8080, 443, 50051],
  pairing: 'key',
  versionText: httpVersionText,
  curl: true,
  plainText: true,
  lookalikes: [['PRI * HTTP/2', 'HTTP/2 whose frames make no sense']],
  parser: http2Parser,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields,
  macros: { http2: 'protocol.abbr == "HTTP/2"' },
};
