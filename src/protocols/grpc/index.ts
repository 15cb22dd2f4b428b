/**
 * gRPC: calls on HTTP/2 and their messages. HTTP/2's parser hands on bodies (`reader.ts`); `decode.ts` makes
 * the values, by the types in `registry.ts` when they are known.
 */
import type { Protocol } from '../../dissect/contract.ts';
import { http2VersionText } from '../http2/version-text.ts';
import { decode } from './decode.ts';
import { describe } from './describe.ts';
import { callFields } from './fields.ts';

export const grpcProtocol: Protocol = {
  code: 3,
  id: 'grpc',
  name: 'http',
  title: 'gRPC',
  label: 'gRPC',
  colour: '#244c5a',
  textColour: '#ffffff',
  specification: 'https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md',
  ports: [50051],
  pairing: 'key',
  versionText: http2VersionText,
  parser: undefined,
  decode,
  describe,
  fields: callFields,
  macros: { grpc: 'protocol.abbr == "gRPC"' },
};
