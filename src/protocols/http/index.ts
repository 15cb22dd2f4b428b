/**
 * HTTP/1.x: bytes of a connection → messages (`parse.ts`), kept messages → values (`decode.ts`), values
 * → what the page shows (`describe.ts`).
 */
import { createRequire } from 'node:module';
import type { Parser, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { httpFields } from './fields.ts';
import { parse, recognise } from './parse.ts';
import { end, hole, inMessage, resync } from './parse-loss.ts';
import { resyncTail } from './parse-resync.ts';
import { HttpState } from './parse-state.ts';
import { httpVersionText } from './version-text.ts';

const require = createRequire(import.meta.url);

export const httpParser: Parser<HttpState> = {
  recognise,
  newState: () => new HttpState(),
  parse,
  hole,
  resync,
  resyncTail,
  end,
  inMessage,
};

/** HTTP/0.9, HTTP/1.0 and HTTP/1.1. */
export const httpProtocol: Protocol = {
  code: 1,
  id: 'http',
  title: 'Hypertext Transfer Protocol 1.1',
  label: 'HTTP',
  colour: '#205cf5',
  textColour: '#ffffff',
  specification: 'https://www.rfc-editor.org/rfc/rfc9112',
  ports: [80, 8080, 443, 8000, 8888, 3000, 5000, 8081, 8899, 9090, 9200],
  pairing: 'order',
  versionText: httpVersionText,
  curl: true,
  plainText: true,
  parser: httpParser,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields: httpFields,
  macros: { http: 'protocol.abbr == "HTTP"' },
};
