/** What queries may ask of calls beyond what HTTP has. */
import type { FieldDeclaration } from '../../dissect/contract.ts';
import { statusNames } from './status.ts';

const both: readonly FieldDeclaration[] = (['request', 'response'] as const).flatMap(
  (side): FieldDeclaration[] => [
    { path: `${side}.metadata`, type: 'map', help: 'Metadata by name; binary values decoded' },
    { path: `${side}.messages`, type: 'list', help: 'Messages of the call, decoded' },
    { path: `${side}.message`, type: 'map', help: 'Content of one message, decoded' },
    { path: `${side}.type`, type: 'text', help: 'Type of the message: shop.Item' },
    { path: `${side}.index`, type: 'number', help: 'Number of the message in its stream, from 0' },
    { path: `${side}.compressed`, type: 'boolean', help: 'The message was sent compressed' },
    { path: `${side}.encoding`, type: 'text', help: 'Compression of messages: gzip' },
    { path: `${side}.service`, type: 'text', help: 'Service: shop.Cart' },
    { path: `${side}.rpc`, type: 'text', help: 'Method of the service: Add' },
  ],
);

export const callFields: readonly FieldDeclaration[] = [
  ...both,
  { path: 'request.timeoutMs', type: 'number', help: 'How long the client waits, ms' },
  { path: 'response.httpStatus', type: 'number', help: 'Status of HTTP below the call' },
  {
    path: 'response.statusText',
    type: 'text',
    help: 'Status of the call by name',
    values: statusNames,
  },
  {
    path: 'response.statusDerived',
    type: 'boolean',
    help: 'The status was not said, it follows from how the stream ended',
  },
  { path: 'response.details', type: 'list', help: 'Details of an error, decoded' },
  { path: 'response.error', type: 'text', help: 'Message of an error' },
];
