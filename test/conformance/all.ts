/** The protocols that are compared message by message, each written as lines. */
import { amqp } from './amqp.ts';
import { kafka } from './kafka.ts';
import type { Comparable } from './messages.ts';
import { redis } from './redis.ts';
import { webSocket } from './websocket.ts';

export const comparables: readonly Comparable[] = [webSocket, redis, amqp, kafka];
