/**
 * AMQP 0-9-1: frames of a connection → messages (`parse.ts`), kept frames → values (`decode.ts`), values
 * → what the page shows (`describe.ts`). The methods are data: `methods-table.ts`.
 */
import { createRequire } from 'node:module';
import type { Parser, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { amqpFields } from './fields.ts';
import { end, hole, inMessage, recognise, resync, resyncTail } from './loss.ts';
import { parse } from './parse.ts';
import { replyNames } from './reply-names.ts';
import { AmqpState } from './state.ts';

const require = createRequire(import.meta.url);

/** 91 → `0-9-1` */
function versionText(version: number): string {
  return version === 91 || version === 0 ? '0-9-1' : `0-${version / 10}`;
}

const amqpParser: Parser<AmqpState> = {
  recognise,
  newState: () => new AmqpState(),
  parse,
  hole,
  resync,
  resyncTail,
  end,
  inMessage,
};

/** AMQP 0-9-1 as RabbitMQ and Apache Qpid speak it; 0-9 and 0-8 where they are the same. */
export const amqpProtocol: Protocol = {
  code: 20,
  id: 'amqp',
  title: 'Advanced Message Queuing Protocol 0-9-1',
  label: 'AMQP',
  colour: '#ff6600',
  // White on this orange would be hard to read.
  textColour: '#000000',
  specification: 'https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf',
  ports: [5672, 5671],
  pairing: 'key',
  versionText,
  virtualHosts: true,
  statusNames: () => replyNames,
  lookalikes: [['AMQP', 'AMQP of a version that is not dissected']],
  parser: amqpParser,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields: amqpFields,
  macros: { amqp: 'protocol.name == "amqp"' },
};
