/** AMQP 1.0: recognised and named; the frames of each connection are counted. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  FieldDeclaration,
  Parser,
  Payload,
  Protocol,
  Section,
  ValueMap,
} from '../../dissect/contract.ts';
import { Amqp1State, end, hole, parse, recognise, resync } from './parse.ts';
import { decodeSummary } from './summary.ts';

const parser: Parser<Amqp1State> = {
  recognise,
  newState: () => new Amqp1State(),
  parse,
  hole,
  resync,
  resyncTail: 64,
  end,
  inMessage: (window) => window.length > 0,
};

function decode({ request, response }: Payload): DecodedExchange {
  return {
    request: request && decodeSummary(request),
    response: response && decodeSummary(response),
  };
}

const titles: Readonly<Record<string, string>> = {
  version: 'Version',
  containerId: 'Container ID',
  hostname: 'Host',
  maxFrameSize: 'Max Frame Size (bytes)',
  channelMax: 'Channel Max',
  idleTimeOut: 'Idle Timeout (ms)',
  error: 'Closed With',
  frameCount: 'Frames',
};

function describe({ request, response }: DecodedExchange): Description {
  return {
    request: request === undefined ? [] : sections(request, 'request'),
    response: response === undefined ? [] : sections(response, 'response'),
  };
}

function sections(side: ValueMap, base: string): Section[] {
  const details = Object.entries(titles).flatMap(([name, title]) =>
    row(title, side[name], `${base}.${name}`),
  );
  const { frames } = side;
  const counts =
    typeof frames === 'object' && frames !== null && !Array.isArray(frames) ? frames : {};
  const rows = Object.entries(counts).flatMap(([name, count]) =>
    row(name, count, `${base}.frames[${JSON.stringify(name)}]`),
  );
  return [
    { kind: 'table', title: 'Details', rows: details },
    { kind: 'table', title: 'Frames', rows },
  ];
}

function row(name: string, value: unknown, path: string): DetailRow[] {
  return typeof value === 'string' || typeof value === 'number' ? [{ name, value, path }] : [];
}

function sideFields(side: string): FieldDeclaration[] {
  return [
    { path: `${side}.containerId`, type: 'text', help: 'Name of the program on this side' },
    { path: `${side}.hostname`, type: 'text', help: 'Host that is asked for' },
    { path: `${side}.maxFrameSize`, type: 'number', help: 'Longest frame, bytes' },
    { path: `${side}.channelMax`, type: 'number', help: 'Highest channel' },
    { path: `${side}.idleTimeOut`, type: 'number', help: 'Silence until it is given up, ms' },
    { path: `${side}.frameCount`, type: 'number', help: 'Frames of this side' },
    { path: `${side}.frames`, type: 'map', help: 'Frames of this side by performative' },
    { path: `${side}.error`, type: 'text', help: 'Why the connection was closed' },
  ];
}

export const amqp1Protocol: Protocol = {
  code: 21,
  id: 'amqp1',
  title: 'Advanced Message Queuing Protocol 1.0',
  label: 'AMQP1',
  colour: '#ff6600',
  // White on this orange would be hard to read.
  textColour: '#000000',
  specification: 'https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-overview-v1.0-os.html',
  ports: [5672, 5671],
  pairing: 'key',
  versionText: () => '1.0',
  parser,
  decode,
  describe,
  fields: [
    {
      path: 'request.method',
      type: 'text',
      help: 'Always connection',
      values: ['connection'],
      column: 'method',
    },
    ...sideFields('request'),
    ...sideFields('response'),
  ],
  macros: { amqp1: 'protocol.name == "amqp1"' },
};
