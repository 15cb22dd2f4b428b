/** The names every entry has, whatever its protocol: the first part of the query language's schema. */
import type { FieldDeclaration } from '../dissect/contract.ts';
import { identityKinds, nameOrigins } from '../resolve/contract.ts';

/** What the names of an end tell, in the order of completions. */
function endFields(side: 'src' | 'dst', who: string): FieldDeclaration[] {
  const text = (name: string, help: string): FieldDeclaration => {
    const path = `${side}.${name}`;
    return { path, type: 'text', help, column: path };
  };
  return [
    text('name', `Name of the ${who}: service, pod, node, host or process`),
    text('service', `Kubernetes service of the ${who}`),
    text('pod', `Pod of the ${who}`),
    text('namespace', `Kubernetes namespace of the ${who}`),
    text('workload', `What runs the pod of the ${who}: deployment/cart`),
    text('node', `Node that the ${who} runs on`),
    text('process', `Process of the ${who}, on this machine`),
    {
      ...text('kind', `What the ${who} is; external names come from the traffic`),
      values: identityKinds,
    },
    {
      ...text('origin', `Where the external name of the ${who} comes from`),
      values: nameOrigins,
    },
  ];
}

export const entryFields: readonly FieldDeclaration[] = [
  { path: 'id', type: 'text', help: 'Identifier; sorts by time' },
  {
    path: 'timestamp',
    type: 'number',
    help: 'First byte of the request, ms since 1970',
    column: 'timestamp',
  },
  {
    path: 'elapsedTime',
    type: 'number',
    help: 'First byte of the request to last byte of the response, ms',
    column: 'elapsedTime',
  },
  { path: 'protocol.name', type: 'text', help: 'Protocol', column: 'protocol.name' },
  {
    path: 'protocol.version',
    type: 'text',
    help: 'Version of the protocol',
    column: 'protocol.version',
  },
  { path: 'protocol.abbr', type: 'text', help: 'Badge of the protocol', column: 'protocol.abbr' },
  { path: 'src.ip', type: 'text', help: 'Address of the client', column: 'src.ip' },
  { path: 'src.port', type: 'number', help: 'Port of the client', column: 'src.port' },
  ...endFields('src', 'client'),
  { path: 'dst.ip', type: 'text', help: 'Address of the server', column: 'dst.ip' },
  { path: 'dst.port', type: 'number', help: 'Port of the server', column: 'dst.port' },
  ...endFields('dst', 'server'),
  {
    path: 'front.ip',
    type: 'text',
    help: 'Address of the service that the client asked for',
    column: 'front.ip',
  },
  {
    path: 'front.port',
    type: 'number',
    help: 'Port of the service that the client asked for',
    column: 'front.port',
  },
  {
    path: 'namespace',
    type: 'text',
    help: 'Kubernetes namespace of the server, else of the client',
    column: 'namespace',
  },
  { path: 'node', type: 'text', help: 'Node that saw the call first', column: 'node' },
  { path: 'seenOn', type: 'list', help: 'Nodes that saw the call' },
  {
    path: 'sightings',
    type: 'number',
    help: 'How often the call was seen: on several interfaces, on several nodes',
    column: 'sightings',
  },
  {
    path: 'capture',
    type: 'text',
    help: 'How it was captured',
    values: ['pcap', 'ebpf', 'envoy', 'linkerd', 'file'],
    column: 'capture',
  },
  { path: 'outgoing', type: 'boolean', help: 'Sent by a tapped pod', column: 'outgoing' },
  { path: 'demo', type: 'boolean', help: 'Made by the demo shop', column: 'demo' },
  { path: 'status', type: 'number', help: 'Status of the answer, as in the row', column: 'status' },
  { path: 'method', type: 'text', help: 'Method or command, as in the row', column: 'method' },
  { path: 'target', type: 'text', help: 'What the call is about, as in the row', column: 'target' },
  { path: 'host', type: 'text', help: 'Host the client asked for', column: 'host' },
  {
    path: 'contentType',
    type: 'text',
    help: 'Media type of the answer, else of the request',
    column: 'contentType',
  },
  { path: 'traceId', type: 'text', help: 'Trace id of the call', column: 'traceId' },
  {
    path: 'outcome',
    type: 'text',
    help: 'What became of the call',
    values: ['pending', 'ok', 'failed', 'no response', 'no request'],
    column: 'outcome',
  },
  { path: 'incomplete', type: 'list', help: 'Why the exchange is not whole' },
  { path: 'stream', type: 'text', help: 'Connection of the exchange', column: 'stream' },
  {
    path: 'parent',
    type: 'text',
    help: 'Id of the entry that this one belongs to: the call of a message',
    column: 'parent',
  },
  {
    path: 'requestSize',
    type: 'number',
    help: 'Bytes of the request on the wire',
    column: 'requestSize',
  },
  {
    path: 'responseSize',
    type: 'number',
    help: 'Bytes of the response on the wire',
    column: 'responseSize',
  },
  { path: 'request', type: 'map', help: 'The request, decoded' },
  { path: 'response', type: 'map', help: 'The response, decoded' },
];
