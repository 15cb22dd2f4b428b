/** Connect: calls as plain HTTP, over HTTP/1 or HTTP/2; read and decoded beside gRPC's. */
import type { Protocol } from '../../dissect/contract.ts';
import { decode } from '../grpc/decode.ts';
import { describe } from '../grpc/describe.ts';
import { callFields } from '../grpc/fields.ts';
import { http2VersionText } from '../http2/version-text.ts';

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
  versionText: http2VersionText,
  parser: undefined,
  decode,
  describe,
  fields: callFields,
  macros: { connect: 'protocol.abbr == "Connect"' },
};
