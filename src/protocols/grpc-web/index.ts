/** gRPC-Web: calls of gRPC that a browser can make, over HTTP/1 or HTTP/2; read and decoded as gRPC's. */
import type { Protocol } from '../../dissect/contract.ts';
import { decode } from '../grpc/decode.ts';
import { describe } from '../grpc/describe.ts';
import { callFields } from '../grpc/fields.ts';
import { http2VersionText } from '../http2/version-text.ts';

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
  versionText: http2VersionText,
  parser: undefined,
  decode,
  describe,
  fields: callFields,
  macros: { grpcweb: 'protocol.abbr == "gRPC-Web"' },
};
