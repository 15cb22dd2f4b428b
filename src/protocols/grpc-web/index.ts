/** gRPC-Web: calls of gRPC that a browser can make, over HTTP/1 or HTTP/2; read and decoded as gRPC's. */
import { createRequire } from 'node:module';
import type { Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { callFields } from '../grpc/fields.ts';
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
  parser: undefined,
  decode: lazily(() => (require('../grpc/decode.ts') as typeof import('../grpc/decode.ts')).decode),
  describe: lazily(
    () => (require('../grpc/describe.ts') as typeof import('../grpc/describe.ts')).describe,
  ),
  fields: callFields,
  macros: { grpcweb: 'protocol.abbr == "gRPC-Web"' },
};
