/** The list of protocols: all that the rest of the program knows of them. */
import type { Protocol } from '../dissect/contract.ts';
import { amqpProtocol } from './amqp/index.ts';
import { amqp1Protocol } from './amqp1/index.ts';
import { connectProtocol } from './connect/index.ts';
import { graphQlEventProtocol, graphQlProtocol, graphQlSocketProtocol } from './graphql/index.ts';
import { grpcProtocol } from './grpc/index.ts';
import { grpcWebProtocol } from './grpc-web/index.ts';
import { httpProtocol } from './http/index.ts';
import { http2Protocol } from './http2/index.ts';
import { jsonRpcProtocol, jsonRpcSocketProtocol } from './json-rpc/index.ts';
import { kafkaProtocol } from './kafka/index.ts';
import { redisProtocol } from './redis/index.ts';
import { soapProtocol } from './soap/index.ts';
import { sseProtocol } from './sse/index.ts';
import { webSocketProtocol } from './websocket/index.ts';

/** Every protocol that can be recognised. */
export const protocols: readonly Protocol[] = [
  httpProtocol,
  http2Protocol,
  grpcProtocol,
  grpcWebProtocol,
  connectProtocol,
  webSocketProtocol,
  amqpProtocol,
  amqp1Protocol,
  kafkaProtocol,
  redisProtocol,
  graphQlProtocol,
  graphQlEventProtocol,
  graphQlSocketProtocol,
  sseProtocol,
  jsonRpcProtocol,
  jsonRpcSocketProtocol,
  soapProtocol,
];

const byCode = new Map(protocols.map((protocol) => [protocol.code, protocol]));

/** The protocol that the store knows by this number. */
export function protocolByCode(code: number): Protocol | undefined {
  return byCode.get(code);
}
