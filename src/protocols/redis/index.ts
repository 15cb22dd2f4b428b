/**
 * Redis: bytes of a connection → requests (`parse-request.ts`), answers and pushes (`parse-reply.ts`);
 * kept messages → values (`decode.ts`), values → what the page shows (`describe.ts`).
 */
import { createRequire } from 'node:module';
import type { Parser, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode } from './decode.ts';
import type { describe } from './describe.ts';
import { redisFields } from './fields.ts';
import { end, hole, inMessage, resync, resyncTail } from './parse-loss.ts';
import { parseReplies } from './parse-reply.ts';
import { parseRequests } from './parse-request.ts';
import { recognise } from './recognise.ts';
import { RedisState } from './state.ts';

const require = createRequire(import.meta.url);

export const redisParser: Parser<RedisState> = {
  recognise,
  newState: () => new RedisState(),
  parse: (window, stream) =>
    stream.side === 'client' ? parseRequests(window, stream) : parseReplies(window, stream),
  hole,
  resync,
  resyncTail,
  end,
  inMessage,
};

/** RESP2, RESP3 and lines. */
export const redisProtocol: Protocol = {
  code: 40,
  id: 'redis',
  title: 'Redis Serialization Protocol',
  label: 'REDIS',
  colour: '#a41e11',
  textColour: '#ffffff',
  specification: 'https://redis.io/docs/latest/develop/reference/protocol-spec/',
  ports: [6379],
  pairing: 'order',
  lookalikes: [['*', 'text that looks like Redis']],
  versionText: (version) => `RESP${version || 2}`,
  parser: redisParser,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./describe.ts').describe),
  fields: redisFields,
  macros: { redis: 'protocol.name == "redis"' },
};
