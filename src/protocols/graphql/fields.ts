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
];
