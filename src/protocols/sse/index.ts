/**
 * Server-Sent Events: bodies of `text/event-stream` → events while they come (`reader.ts`), kept events →
 * values and the details pane (`decode.ts`). Events are entries under the HTTP exchange that carries them.
 */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode, describe } from './decode.ts';
import { eventCode } from './report.ts';

const require = createRequire(import.meta.url);

export const eventFields: readonly FieldDeclaration[] = [
  {
    path: 'response.event',
    type: 'text',
    help: 'Name of the event; message when it has none',
    values: ['message', 'error', 'next', 'complete'],
  },
  { path: 'response.data', type: 'text', help: 'Data of the event, its lines joined' },
  { path: 'response.id', type: 'text', help: 'Id of the event: where a client would go on' },
  { path: 'response.retry', type: 'number', help: 'Time before connecting again, ms' },
  { path: 'response.size', type: 'number', help: 'Length of the data, bytes' },
  { path: 'response.comments', type: 'list', help: 'Lines that are comments' },
];

export const sseProtocol: Protocol = {
  code: eventCode,
  id: 'sse',
  title: 'Server-Sent Events',
  label: 'SSE',
  colour: '#6b46c1',
  textColour: '#ffffff',
  specification: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  ports: [],
  pairing: 'none',
  versionText: () => '',
  parser: undefined,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./decode.ts').describe),
  fields: eventFields,
  macros: { sse: 'protocol.name == "sse"' },
};
