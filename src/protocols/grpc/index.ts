/**
 * gRPC: calls on HTTP/2 and their messages. HTTP/2's parser hands on bodies (`reader.ts`); `decode.ts` makes
 * the values, by the types in `registry.ts` when they are known.
 */
import { createRequire } from 'node:module';
import type { Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { httpVersionText } from '../http/version-text.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { callFields } from './fields.ts';
import type { giveProtos, learnFromAnswer } from './registry.ts';
import { statusNames } from './status.ts';

const require = createRequire(import.meta.url);

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
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  statusNames: () => ({ ...statusNames }),
  parser: undefined,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  giveSchemas: lazily((): typeof giveProtos => require('./registry.ts').giveProtos),
  learn: lazily((): typeof learnFromAnswer => require('./registry.ts').learnFromAnswer),
  fields: callFields,
  macros: { grpc: 'protocol.abbr == "gRPC"' },
};
