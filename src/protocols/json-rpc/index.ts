/**
 * JSON-RPC 2.0 over HTTP: a refinement of HTTP exchanges, found by `../http/refine.ts`. The row has the
 * called method behind the path: `/rpc eth_getBalance`; a batch: `/rpc [one, two +3]`. An answer with an
 * `error` counts as failed whatever its status.
 */
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { httpVersionText } from '../http/any-version.ts';
import { Refined } from '../http/refined.ts';
import { decode, describe } from './decode.ts';

const errorCodes = [-32700, -32600, -32601, -32602, -32603, -32000];

const fields: readonly FieldDeclaration[] = [
  { path: 'request.jsonrpc', type: 'map', help: 'The call' },
  { path: 'request.jsonrpc.method', type: 'text', help: 'Method that is called' },
  { path: 'request.jsonrpc.id', type: 'text', help: 'Id of the call' },
  { path: 'request.jsonrpc.params', type: 'map', help: 'Parameters, by name or as a list' },
  { path: 'request.jsonrpc.notification', type: 'boolean', help: 'The call gets no answer' },
  { path: 'request.jsonrpc.batchSize', type: 'number', help: 'Calls of a batch' },
  { path: 'request.jsonrpc.batch', type: 'list', help: 'Each call of a batch' },
  { path: 'response.jsonrpc', type: 'map', help: 'The answer' },
  { path: 'response.jsonrpc.id', type: 'text', help: 'Id of the call' },
  { path: 'response.jsonrpc.result', type: 'map', help: 'Result of the call' },
  { path: 'response.jsonrpc.error', type: 'map', help: 'Error of the call' },
  {
    path: 'response.jsonrpc.error.code',
    type: 'number',
    help: 'Code of the error',
    values: errorCodes,
  },
  { path: 'response.jsonrpc.error.message', type: 'text', help: 'The error in words' },
  { path: 'response.jsonrpc.error.data', type: 'map', help: 'More about the error' },
  { path: 'response.jsonrpc.batchSize', type: 'number', help: 'Answers of a batch' },
  { path: 'response.jsonrpc.batch', type: 'list', help: 'Each answer of a batch' },
];

export const jsonRpcProtocol: Protocol = {
  code: Refined.JsonRpc,
  id: 'json-rpc',
  name: 'http',
  title: 'JSON-RPC 2.0',
  label: 'RPC',
  colour: '#b7791f',
  textColour: '#ffffff',
  specification: 'https://www.jsonrpc.org/specification',
  ports: [80, 443, 8080, 8545],
  pairing: 'order',
  versionText: httpVersionText,
  parser: undefined,
  decode,
  describe,
  fields,
  macros: { jsonrpc: 'protocol.abbr == "RPC"' },
};
