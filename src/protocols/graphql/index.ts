/**
 * GraphQL over HTTP: a refinement of HTTP exchanges. `../http/refine.ts` finds them while capturing; here
 * they are given `graphql` beside the values of HTTP (`decode.ts`) and sections of their own.
 *
 * The row: method and path of HTTP, and behind the path the operation: `/graphql query Cart { items }`. An
 * answer with `errors` counts as failed whatever its status.
 */
import { createRequire } from 'node:module';
import type { Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { Refined } from '../http/refined.ts';
import { httpVersionText } from '../http/version-text.ts';
import { eventFields } from '../sse/index.ts';
import { graphQlEventCode } from '../sse/report.ts';
import { webSocketFields } from '../websocket/index.ts';
import { socketCodes } from '../websocket/refine.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import type { decodeEvent, describeEvent } from './event.ts';
import { graphQlFields, messageFields } from './fields.ts';
import type { decode as decodeSocket, describe as describeSocket } from './socket.ts';

const require = createRequire(import.meta.url);

export const graphQlProtocol: Protocol = {
  code: Refined.GraphQl,
  id: 'graphql',
  name: 'http',
  title: 'GraphQL',
  label: 'GQL',
  colour: '#e10098',
  textColour: '#ffffff',
  specification: 'https://spec.graphql.org/October2021/',
  ports: [80, 443, 8080],
  pairing: 'order',
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  parser: undefined,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields: graphQlFields,
  macros: { gql: 'protocol.abbr == "GQL"', graphql: 'protocol.abbr == "GQL"' },
};

/** An event of a stream that answers GraphQL: a subscription, or parts of an answer. */
export const graphQlEventProtocol: Protocol = {
  ...graphQlProtocol,
  code: graphQlEventCode,
  id: 'graphql-event',
  name: 'sse',
  title: 'GraphQL over Server-Sent Events',
  ports: [],
  pairing: 'none',
  versionText: () => '',
  below: 'SSE',
  curl: false,
  decode: lazily((): typeof decodeEvent => require('./event.ts').decodeEvent),
  describe: lazily((): typeof describeEvent => require('./event.ts').describeEvent),
  fields: [...eventFields, ...graphQlFields.filter(({ path }) => path.startsWith('response.'))],
  macros: {},
};

/** A message of the subprotocols graphql-transport-ws and graphql-ws; either end may send one. */
export const graphQlSocketProtocol: Protocol = {
  ...graphQlProtocol,
  code: socketCodes.graphQl,
  id: 'graphql-socket',
  name: 'websocket',
  title: 'GraphQL over WebSocket',
  specification: 'https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md',
  ports: [],
  pairing: 'none',
  versionText: String,
  below: 'WebSocket',
  curl: false,
  decode: lazily((): typeof decodeSocket => require('./socket.ts').decode),
  describe: lazily((): typeof describeSocket => require('./socket.ts').describe),
  fields: [...webSocketFields, ...messageFields, ...graphQlFields],
  macros: {},
};
