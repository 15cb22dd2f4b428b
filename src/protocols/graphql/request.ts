/** Requests of GraphQL → operation, fields, variables; by the parser of the package graphql. */
import type {
  DocumentNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
// The whole package takes four times as long to load.
import { parse } from 'graphql/language/parser.js';
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { isMap } from '../http/any-version.ts';
import { hashOf } from './skim.ts';

/** Tokens of a document; protects against documents that are made to be costly. */
const maxTokens = 20_000;
/** Longest document that is parsed. */
const maxDocument = 1 << 20;
/** Operations of a batch that are shown. */
const maxOperations = 200;
/** Fields of an operation, spreads of fragments undone. */
const maxFields = 1000;
const maxSpreadDepth = 16;

/** What one request says, before anything is parsed. */
export interface GraphQlParts {
  readonly query?: Value | undefined;
  readonly operationName?: Value | undefined;
  readonly variables?: Value | undefined;
  readonly extensions?: Value | undefined;
  readonly documentId?: Value | undefined;
}

/** The members of `request.graphql`: of one operation, or of a batch. */
export function graphQlRequest(parts: GraphQlParts | readonly GraphQlParts[]): ValueMap {
  if (!isList(parts)) return operationMap(parts);
  const operations = parts.slice(0, maxOperations).map(operationMap);
  return { ...operations[0], batchSize: parts.length, operations };
}

function isList(parts: GraphQlParts | readonly GraphQlParts[]): parts is readonly GraphQlParts[] {
  return Array.isArray(parts);
}

function operationMap(parts: GraphQlParts): ValueMap {
  const { query, variables, extensions, documentId } = parts;
  const givenName = typeof parts.operationName === 'string' ? parts.operationName : '';
  const map: ValueMap = {};
  if (typeof query === 'string') Object.assign(map, documentMap(query, givenName));
  else if (givenName !== '') map['operationName'] = givenName;
  if (typeof query === 'string') map['query'] = query;
  if (variables !== undefined && variables !== null) map['variables'] = variables;
  const hash = extensions === undefined ? '' : hashOf(JSON.stringify(extensions) ?? '');
  if (hash !== '') map['persistedQueryHash'] = hash;
  else if (typeof documentId === 'string') map['persistedQueryHash'] = documentId;
  if (isMap(extensions)) map['extensions'] = extensions;
  return map;
}

function documentMap(query: string, operationName: string): ValueMap {
  if (query.length > maxDocument) {
    return { ...nameMap(operationName), problem: 'the document is too long to be parsed' };
  }
  let document: DocumentNode;
  try {
    document = parse(query, { noLocation: true, maxTokens });
  } catch (error) {
    return { ...nameMap(operationName), problem: String((error as Error).message) };
  }
  const operations = document.definitions.filter(isOperation);
  const named = operations.find((each) => each.name?.value === operationName);
  const operation = named ?? operations[0];
  if (operation === undefined) return nameMap(operationName);
  const fragments = new Map(
    document.definitions.filter(isFragment).map((each) => [each.name.value, each]),
  );
  const fields: string[] = [];
  collect(operation.selectionSet, fragments, fields, 0);
  return {
    operationType: operation.operation,
    ...nameMap(operation.name?.value ?? operationName),
    fields,
  };
}

function nameMap(name: string): ValueMap {
  return name === '' ? {} : { operationName: name };
}

function isOperation(node: { readonly kind: string }): node is OperationDefinitionNode {
  return node.kind === 'OperationDefinition';
}

function isFragment(node: { readonly kind: string }): node is FragmentDefinitionNode {
  return node.kind === 'FragmentDefinition';
}

/** Names of the fields at the first level, those of fragments among them; each once. */
function collect(
  selection: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  fields: string[],
  depth: number,
): void {
  for (const node of selection.selections) {
    if (fields.length >= maxFields || depth > maxSpreadDepth) return;
    if (node.kind === 'Field') {
      if (!fields.includes(node.name.value)) fields.push(node.name.value);
      continue;
    }
    const inner =
      node.kind === 'InlineFragment'
        ? node.selectionSet
        : fragments.get(node.name.value)?.selectionSet;
    if (inner !== undefined) collect(inner, fragments, fields, depth + 1);
  }
}
