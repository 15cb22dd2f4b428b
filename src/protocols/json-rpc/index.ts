/**
 * JSON-RPC 2.0 over HTTP: a refinement of HTTP exchanges, found by `../http/refine.ts`. The row has the
 * called method behind the path: `/rpc eth_getBalance`; a batch: `/rpc [one, two +3]`. An answer with an
 * `error` counts as failed whatever its status.
 */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { Refined } from '../http/refined.ts';
import { httpVersionText } from '../http/version-text.ts';
import { webSocketFields } from '../websocket/index.ts';
import { socketCodes } from '../websocket/refine.ts';
import type { decode, decodeMessage, describe, describeMessage } from './decode.ts';

const require = createRequire(import.meta.url);

const errorCodes = [-32700, -32600, -32601, -32602, -32603, -32000];

const sides = ['request', 'response'] as const;

function callFields(side: (typeof sides)[number]): FieldDeclaration[] {
  const base = `${side}.jsonrpc`;
  return [
    { path: base, type: 'map', help: 'The message' },
    { path: `${base}.id`, type: 'text', help: 'Id of the call' },
    { path: `${base}.method`, type: 'text', help: 'Method that is called' },
    { path: `${base}.params`, type: 'map', help: 'Parameters, by name or as a list' },
    { path: `${base}.notification`, type: 'boolean', help: 'The call gets no answer' },
    { path: `${base}.batchSize`, type: 'number', help: 'Messages of a batch' },
    { path: `${base}.batch`, type: 'list', help: 'Each message of a batch' },
  ];
}

function answerFields(side: (typeof sides)[number]): FieldDeclaration[] {
  const base = `${side}.jsonrpc`;
  return [
    { path: base, type: 'map', help: 'The message' },
    { path: `${base}.id`, type: 'text', help: 'Id of the call' },
    { path: `${base}.result`, type: 'map', help: 'Result of the call' },
    { path: `${base}.error`, type: 'map', help: 'Error of the call' },
    {
      path: `${base}.error.code`,
      type: 'number',
      help: 'Code of the error',
      values: errorCodes,
    },
    { path: `${base}.error.message`, type: 'text', help: 'The error in words' },
    { path: `${base}.error.data`, type: 'map', help: 'More about the error' },
    { path: `${base}.batchSize`, type: 'number', help: 'Messages of a batch' },
    { path: `${base}.batch`, type: 'list', help: 'Each message of a batch' },
  ];
}

export const jsonRpcProtocol: Protocol = {
  code: Refined.JsonRpc,
  id: 'json-rpc',
  name: 'http',
  title: 'JSON-RPC 2.0',
  label: 'RPC',
  colour: '#96620f',
  textColour: '#ffffff',
  specification: 'https://www.jsonrpc.org/specification',
  ports: [80, 443, 8080, 8545],
  pairing: 'order',
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  parser: undefined,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./decode.ts').describe),
  fields: [...callFields('request'), ...answerFields('response')],
  macros: { jsonrpc: 'protocol.abbr == "RPC"' },
};

/** A message over WebSocket, where either end may call the other. */
export const jsonRpcSocketProtocol: Protocol = {
  ...jsonRpcProtocol,
  code: socketCodes.jsonRpc,
  id: 'json-rpc-socket',
  name: 'websocket',
  title: 'JSON-RPC 2.0 over WebSocket',
  ports: [],
  pairing: 'none',
  versionText: String,
  below: 'WebSocket',
  curl: false,
  decode: lazily((): typeof decodeMessage => require('./decode.ts').decodeMessage),
  describe: lazily((): typeof describeMessage => require('./decode.ts').describeMessage),
  fields: [
    ...webSocketFields,
    ...sides.flatMap((side) => [...callFields(side), ...answerFields(side)]),
  ].filter((each, i, all) => all.findIndex(({ path }) => path === each.path) === i),
  macros: {},
};
