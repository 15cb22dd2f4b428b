/**
 * Texts of WebSocket that are more than texts: messages of GraphQL (subprotocols graphql-transport-ws and
 * the older graphql-ws) and of JSON-RPC. Found by their content, so also in the middle of a connection.
 *
 *   GraphQL   {"id": "1", "type": "subscribe", "payload": {...}}     in any order
 *   JSON-RPC  {"jsonrpc": "2.0", "id": 1, "method": ..., "params": ...} or "result" or "error"
 */
import type { Message } from '../../dissect/contract.ts';
import { graphQlAnswerFails, textOf } from '../graphql/skim.ts';
import { labelOfJson } from '../http/json-label.ts';
import { MemberWalk, skipBlanks } from '../http/json-skim.ts';
import { Refined } from '../http/refined.ts';

/** Codes of such messages. */
export const socketCodes = { graphQl: 11, jsonRpc: 13 } as const;

/** Bytes of a text that are looked at. */
const maxLookedAt = 65_536;
/** Of a payload, so much stands in the row. */
const shownLength = 200;
const maxName = 128;
/** Operations of a connection whose names are remembered. */
const maxOperations = 256;
const openBrace = 123;

/** Types of both subprotocols, and whether such a message tells of a failure. */
const types: Readonly<Record<string, boolean>> = {
  connection_init: false,
  connection_ack: false,
  connection_error: true,
  connection_terminate: false,
  ka: false,
  ping: false,
  pong: false,
  subscribe: false,
  next: false,
  error: true,
  complete: false,
  start: false,
  data: false,
  stop: false,
};

/** What is remembered of one direction. */
export interface Talk {
  /** The connection speaks GraphQL: types that others use as well are its own. */
  isGraphQl: boolean;
  /** Of a client: id → `subscription Name`. */
  operations: Map<string, string> | undefined;
}

const walk = new MemberWalk();
const inner = new MemberWalk();

interface Envelope {
  readonly type: string;
  readonly id: string;
  readonly payloadFrom: number;
  readonly payloadTo: number;
  readonly isRpc: boolean;
  readonly method: string;
  readonly hasError: boolean;
}

/** Refines the message of a text in `bytes[from, to)`; its target is that text. */
export function refineText(
  message: Message,
  talk: Talk,
  peer: Talk,
  isClient: boolean,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  const at = skipBlanks(bytes, from, to);
  if (at >= to || bytes[at] !== openBrace) return;
  const envelope = readEnvelope(bytes, at, Math.min(to, from + maxLookedAt));
  if (envelope === undefined) return;
  if (envelope.isRpc) refineRpc(message, envelope);
  else if (Object.hasOwn(types, envelope.type)) {
    refineGraphQl(message, envelope, talk, peer, isClient, bytes);
  }
}

/** Undefined as soon as the first name is one that neither has. */
function readEnvelope(bytes: Uint8Array, from: number, to: number): Envelope | undefined {
  if (!walk.start(bytes, from, to) || !walk.next()) return undefined;
  if (!['type', 'id', 'payload', 'jsonrpc', 'method', 'result'].some((name) => walk.isKey(name))) {
    return undefined;
  }
  const found = {
    type: '',
    id: '',
    payloadFrom: 0,
    payloadTo: 0,
    isRpc: false,
    method: '',
    hasError: false,
  };
  do {
    if (walk.isKey('type')) found.type = walk.text(maxName);
    else if (walk.isKey('id')) found.id = walk.text(maxName);
    else if (walk.isKey('payload')) {
      found.payloadFrom = walk.valueFrom;
      found.payloadTo = walk.valueTo;
    } else if (walk.isKey('jsonrpc')) found.isRpc = walk.text(4) === '2.0';
    else if (walk.isKey('method')) found.method = walk.text(maxName);
    else if (walk.isKey('error')) found.hasError = bytes[walk.valueFrom] === openBrace;
  } while (walk.next());
  return found;
}

/** The row: name of the method, `result` or `error`, and the text as it is. */
function refineRpc(message: Message, { method, hasError }: Envelope): void {
  message.protocol = socketCodes.jsonRpc;
  message.text(message.method, method || (hasError ? 'error' : 'result'));
  message.failed = hasError;
}

/** The row: type of the message, its operation, and the beginning of what it carries. */
function refineGraphQl(
  message: Message,
  envelope: Envelope,
  talk: Talk,
  peer: Talk,
  isClient: boolean,
  bytes: Uint8Array,
): void {
  const { type, id, payloadFrom, payloadTo } = envelope;
  const asked = isClient && payloadTo > 0 ? labelOfJson(bytes, payloadFrom, payloadTo) : undefined;
  const label = asked?.code === Refined.GraphQl ? asked.label : undefined;
  if (!talk.isGraphQl && label === undefined && !isProof(envelope, bytes)) return;
  talk.isGraphQl = true;
  peer.isGraphQl = true;
  message.protocol = socketCodes.graphQl;
  message.text(message.method, type);
  if (label !== undefined) remember(talk, id, label);
  const operations = isClient ? talk.operations : peer.operations;
  const name = operations?.get(id) ?? id;
  const shownTo = Math.min(payloadTo, payloadFrom + shownLength);
  const payload = textOf(bytes, payloadFrom, shownTo);
  message.text(message.target, label ?? [name, payload].filter((each) => each !== '').join(' '));
  message.failed = types[type] === true;
  if (type === 'next' || type === 'data') {
    message.failed = graphQlAnswerFails(bytes, payloadFrom, payloadTo);
  }
}

/** Whether a message can only be one of GraphQL. */
function isProof({ type, payloadFrom, payloadTo }: Envelope, bytes: Uint8Array): boolean {
  if (type === 'connection_init' || type === 'connection_ack') return true;
  if (type !== 'next' && type !== 'data') return false;
  const hasMember = inner.start(bytes, payloadFrom, payloadTo) && inner.next();
  return hasMember && (inner.isKey('data') || inner.isKey('errors'));
}

/** `subscription Name` out of the whole label. */
function remember(talk: Talk, id: string, label: string): void {
  talk.operations ??= new Map();
  const { operations } = talk;
  if (operations.size >= maxOperations) operations.delete(operations.keys().next().value!);
  operations.set(id, label.split(' {', 1)[0]!);
}
