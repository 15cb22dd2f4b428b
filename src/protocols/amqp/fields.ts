/** The names that queries may use for AMQP, with what the completions offer for them. */
import type { FieldDeclaration, FieldType } from '../../dissect/contract.ts';
import { methods } from './methods.ts';
import { hangUp } from './totals.ts';

const names = methods.map(({ name }) => name);
const requests = methods.filter(({ answers }) => answers === 0).map(({ name }) => name);
/** What an entry may be that is no method. */
const others = ['protocol header', hangUp];
const contentTypes = ['application/json', 'application/octet-stream', 'text/plain'];
const replyCodes = [200, 311, 312, 313, 320, 402, 403, 404, 405, 406, 501, 504, 530, 540, 541];

function field(
  path: string,
  type: FieldType,
  help: string,
  values?: readonly (string | number)[],
): FieldDeclaration {
  return values === undefined ? { path, type, help } : { path, type, help, values };
}

/** Either side may have a message. */
function contentFields(side: string): FieldDeclaration[] {
  const property = `${side}.properties`;
  return [
    field(property, 'map', 'Properties of the message'),
    field(`${property}.contentType`, 'text', 'Content type', contentTypes),
    field(`${property}.contentEncoding`, 'text', 'Coding of the body', ['gzip', 'utf-8']),
    field(`${property}.headers`, 'map', 'Headers of the message, with their types'),
    field(`${property}.deliveryMode`, 'number', '2 for a persistent message', [1, 2]),
    field(`${property}.priority`, 'number', 'Priority, 0 to 255'),
    field(`${property}.correlationId`, 'text', 'What an answer refers to'),
    field(`${property}.replyTo`, 'text', 'Queue for the answer'),
    field(`${property}.expiration`, 'text', 'Time to live, ms, as text'),
    field(`${property}.messageId`, 'text', 'Id given by the sender'),
    field(`${property}.timestamp`, 'text', 'Time given by the sender: 2024-05-01T12:00:00Z'),
    field(`${property}.type`, 'text', 'Kind of message, named by the sender'),
    field(`${property}.userId`, 'text', 'Name of the user, checked by the broker'),
    field(`${property}.appId`, 'text', 'Name of the sending program'),
    field(`${side}.body`, 'text', 'Body: decompressed text, or base64 when it is binary'),
    field(`${side}.bodySize`, 'number', 'Length of the body as sent, bytes'),
    field(`${side}.bodyEncoding`, 'text', 'base64 when the body is binary', ['base64']),
    field(`${side}.bodyCut`, 'boolean', 'Only the beginning of the body was kept'),
    field(`${side}.bodyKept`, 'number', 'Bytes of a cut body that were kept'),
    field(`${side}.bodyRemark`, 'text', 'Why the body could not be decoded'),
  ];
}

/** Arguments that a request or an answer may have. */
function argumentFields(side: string): FieldDeclaration[] {
  return [
    field(`${side}.channel`, 'number', 'Channel of the connection; 0 is the connection itself'),
    field(`${side}.exchange`, 'text', 'Exchange'),
    field(`${side}.routingKey`, 'text', 'Routing key'),
    field(`${side}.queue`, 'text', 'Queue'),
    field(`${side}.consumerTag`, 'text', 'Name of the consumer'),
    field(`${side}.deliveryTag`, 'number', 'Number of the delivery or the publish on its channel'),
    field(`${side}.redelivered`, 'boolean', 'The message was delivered before'),
    field(`${side}.multiple`, 'boolean', 'This and all earlier tags are meant'),
    field(`${side}.requeue`, 'boolean', 'The broker shall deliver again'),
    field(`${side}.messageCount`, 'number', 'Messages in the queue'),
    field(`${side}.consumerCount`, 'number', 'Consumers of the queue'),
    field(`${side}.replyCode`, 'number', 'Why it was closed or returned', replyCodes),
    field(`${side}.replyText`, 'text', 'The same in words'),
    field(`${side}.cause`, 'text', 'Method that made the other end close', requests),
    field(`${side}.channelMax`, 'number', 'Channels of a connection at most'),
    field(`${side}.frameMax`, 'number', 'Longest frame, bytes'),
    field(`${side}.heartbeat`, 'number', 'Seconds between heartbeats'),
    field(`${side}.problems`, 'list', 'What breaks the specification, in words'),
  ];
}

export const amqpFields: readonly FieldDeclaration[] = [
  {
    ...field('request.method', 'text', 'Class and method', [...requests, ...others]),
    column: 'method',
  },
  field('response.method', 'text', 'Class and method of the answer', names),
  ...argumentFields('request'),
  ...argumentFields('response'),
  field('request.virtualHost', 'text', 'Virtual host that is opened'),
  field('request.type', 'text', 'Type of exchange', ['direct', 'fanout', 'topic', 'headers']),
  field('request.destination', 'text', 'Exchange that gets the messages of a binding'),
  field('request.source', 'text', 'Exchange that a binding takes messages from'),
  field('request.passive', 'boolean', 'Only asks whether it is there'),
  field('request.durable', 'boolean', 'Survives a restart of the broker'),
  field('request.exclusive', 'boolean', 'Only for this connection, or this consumer'),
  field('request.autoDelete', 'boolean', 'Deleted when nobody uses it any more'),
  field('request.internal', 'boolean', 'Not for publishers'),
  field('request.ifUnused', 'boolean', 'Deleted only when nobody uses it'),
  field('request.ifEmpty', 'boolean', 'Deleted only when it is empty'),
  field('request.noWait', 'boolean', 'Nobody shall answer'),
  field('request.noAck', 'boolean', 'Messages are not acknowledged'),
  field('request.noLocal', 'boolean', 'Not what this connection has published'),
  field('request.mandatory', 'boolean', 'To be returned when no queue gets it'),
  field('request.immediate', 'boolean', 'To be returned when no consumer is ready'),
  field('request.prefetchCount', 'number', 'Deliveries without acknowledgement at most'),
  field('request.prefetchSize', 'number', 'The same in bytes'),
  field('request.global', 'boolean', 'The limit is for all consumers of the channel'),
  field('request.active', 'boolean', 'Whether messages flow on the channel'),
  field('request.reason', 'text', 'Why the broker blocks, or the secret is changed'),
  field('request.arguments', 'map', 'Arguments of the declaration'),
  field('request.mechanisms', 'text', 'Log-in mechanisms that the broker offers'),
  field('request.locales', 'text', 'Languages that the broker offers'),
  field('request.versionMajor', 'number', 'Version that the broker speaks, in front of the point'),
  field('request.versionMinor', 'number', 'Version that the broker speaks, behind the point'),
  field('request.serverProperties', 'map', 'What the broker says of itself'),
  field('request.totals', 'map', 'Frames, heartbeats and messages of the whole connection'),
  field('response.clientProperties', 'map', 'What the client says of itself'),
  field('response.mechanism', 'text', 'Log-in mechanism', ['PLAIN', 'AMQPLAIN', 'EXTERNAL']),
  field('response.user', 'text', 'Name of the user who logs in'),
  field('response.locale', 'text', 'Language chosen', ['en_US']),
  ...contentFields('request'),
  ...contentFields('response'),
];
