/** The list of protocols: all that the rest of the program knows of them. */
import type { Protocol } from '../dissect/contract.ts';
import { amqpProtocol } from './amqp/index.ts';
import { httpProtocol } from './http/index.ts';
import { http2Protocol } from './http2/index.ts';
import { kafkaProtocol } from './kafka/index.ts';
import { redisProtocol } from './redis/index.ts';
import { webSocketProtocol } from './websocket/index.ts';

/** Every protocol that can be recognised. */
export const protocols: readonly Protocol[] = [
  httpProtocol,
  http2Protocol,
  webSocketProtocol,
  amqpProtocol,
  kafkaProtocol,
  redisProtocol,
];

const byCode = new Map(protocols.map((protocol) => [protocol.code, protocol]));

/** The protocol that the store knows by this number. */
export function protocolByCode(code: number): Protocol | undefined {
  return byCode.get(code);
}
