/** The names that queries may use for GraphQL. */
import type { FieldDeclaration } from '../../dissect/contract.ts';

const types = ['query', 'mutation', 'subscription'];

export const graphQlFields: readonly FieldDeclaration[] = [
  { path: 'request.graphql', type: 'map', help: 'What the request asks for' },
  {
    path: 'request.graphql.operationType',
    type: 'text',
    help: 'Kind of the operation; of the first one of a batch',
    values: types,
  },
  { path: 'request.graphql.operationName', type: 'text', help: 'Name of the operation' },
  { path: 'request.graphql.fields', type: 'list', help: 'Fields at the first level' },
  { path: 'request.graphql.query', type: 'text', help: 'The document' },
  { path: 'request.graphql.variables', type: 'map', help: 'Variables by name' },
  { path: 'request.graphql.extensions', type: 'map', help: 'Extensions of the request' },
  {
    path: 'request.graphql.persistedQueryHash',
    type: 'text',
    help: 'Hash or id of a document that the server knows',
  },
  { path: 'request.graphql.problem', type: 'text', help: 'Why the document cannot be parsed' },
  { path: 'request.graphql.batchSize', type: 'number', help: 'Operations of a batch' },
  { path: 'request.graphql.operations', type: 'list', help: 'Each operation of a batch' },
  { path: 'response.graphql', type: 'map', help: 'Errors and fields of the answer' },
  { path: 'response.graphql.hasErrors', type: 'boolean', help: 'The answer has errors' },
  { path: 'response.graphql.errorCount', type: 'number', help: 'Errors of the answer' },
  {
    path: 'response.graphql.errors',
    type: 'list',
    help: 'Errors: message, path, code, line, column',
  },
  { path: 'response.graphql.fields', type: 'list', help: 'Fields of the data' },
  { path: 'response.graphql.batchSize', type: 'number', help: 'Answers of a batch' },
  { path: 'response.graphql.partCount', type: 'number', help: 'Parts of an answer with `@defer`' },
  { path: 'response.graphql.parts', type: 'list', help: 'Each part of such an answer' },
  {
    path: 'response.graphql.hasNext',
    type: 'boolean',
    help: 'The last part that was seen promises more',
  },
];

const messageTypes = [
  'connection_init',
  'connection_ack',
  'subscribe',
  'next',
  'error',
  'complete',
  'ping',
  'pong',
  'start',
  'data',
  'stop',
];

/** What the messages have beside the fields of GraphQL over HTTP. */
export const messageFields: readonly FieldDeclaration[] = (
  ['request', 'response'] as const
).flatMap((side): FieldDeclaration[] => [
  {
    path: `${side}.graphql.messageType`,
    type: 'text',
    help: 'Type of the message over WebSocket',
    values: messageTypes,
  },
  { path: `${side}.graphql.id`, type: 'text', help: 'Id of the operation on its connection' },
]);
