/** What users see of AMQP, for the tests. */
import type { Entry } from '../../entry/entry.ts';
import { client, type Event, entriesOf, server } from '../test-bench.ts';
import { amqpProtocol } from './index.ts';
import { login, method, openChannel } from './test-encode.ts';

export const seen = (events: readonly Event[], options = {}): Entry[] =>
  entriesOf([amqpProtocol], events, { finished: false, ...options });
/** The entries behind those of `login`. */
export const after = (events: readonly Event[], options = {}): Entry[] =>
  seen([...login(), ...events], options).slice(3);
export const short = ({ method, target, outcome, status, response }: Entry) => [
  method,
  target,
  outcome,
  status,
  response?.['method'] ?? '',
];
export const confirms = [
  ...openChannel(1),
  client(method('confirm select', 1)),
  server(method('confirm select-ok', 1)),
];
