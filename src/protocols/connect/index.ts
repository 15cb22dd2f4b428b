/** Connect: calls as plain HTTP, over HTTP/1 or HTTP/2; read and decoded beside gRPC's. */
import { createRequire } from 'node:module';
import type { Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from '../grpc/decode.ts';
import type { describe } from '../grpc/describe.ts';
import { callFields } from '../grpc/fields.ts';
import { httpVersionText } from '../http/version-text.ts';

const require = createRequire(import.meta.url);

export const connectProtocol: Protocol = {
  code: 9,
  id: 'connect',
  name: 'http',
  title: 'Connect',
  label: 'Connect',
  colour: '#3b5bdb',
  textColour: '#ffffff',
  specification: 'https://connectrpc.com/docs/protocol',
  ports: [],
  pairing: 'key',
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  parser: undefined,
  decode: lazily((): typeof decode => require('../grpc/decode.ts').decode),
  describe: lazily((): typeof describe => require('../grpc/describe.ts').describe),
  fields: callFields,
  macros: { connect: 'protocol.abbr == "Connect"' },
};
