/** gRPC-Web: calls of gRPC that a browser can make, over HTTP/1 or HTTP/2; read and decoded as gRPC's. */
import { createRequire } from 'node:module';
import type { Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from '../grpc/decode.ts';
import type { describe } from '../grpc/describe.ts';
import { callFields } from '../grpc/fields.ts';
import { statusNames } from '../grpc/status.ts';
import { httpVersionText } from '../http/version-text.ts';

const require = createRequire(import.meta.url);

export const grpcWebProtocol: Protocol = {
  code: 8,
  id: 'grpc-web',
  name: 'http',
  title: 'gRPC-Web',
  label: 'gRPC-Web',
  colour: '#2f6f7e',
  textColour: '#ffffff',
  specification: 'https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md',
  ports: [],
  pairing: 'key',
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  statusNames: () => ({ ...statusNames }),
  parser: undefined,
  decode: lazily((): typeof decode => require('../grpc/decode.ts').decode),
  describe: lazily((): typeof describe => require('../grpc/describe.ts').describe),
  fields: callFields,
  macros: { grpcweb: 'protocol.abbr == "gRPC-Web"' },
};
