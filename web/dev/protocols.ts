/** What `/protocols` answers in the mock server: the real protocols, and those that are still to come. */
import { entryFields } from '../../src/entry/fields.ts';
import { buildSchema } from '../../src/filter/index.ts';
import { protocols as known } from '../../src/protocols/index.ts';
import type { ProtocolInfo, Protocols } from '../../src/serve/api.ts';

const later: readonly ProtocolInfo[] = [
  {
    id: 'grpc',
    title: 'gRPC',
    label: 'gRPC',
    colour: '#244c5a',
    textColour: '#ffffff',
    specification: 'https://grpc.io',
  },
  {
    id: 'sse',
    title: 'Server-Sent Events',
    label: 'SSE',
    colour: '#7a4fd0',
    textColour: '#ffffff',
    specification: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  },
];

const infos = known.map(
  ({ id, title, label, colour, textColour, specification }): ProtocolInfo => ({
    id,
    title,
    label,
    colour,
    textColour,
    specification,
  }),
);

export const protocols: Protocols = {
  ...buildSchema(entryFields, known),
  protocols: [...infos, ...later.filter(({ id }) => infos.every((info) => info.id !== id))],
};
