/** WebSocket: frames → messages (`parse.ts`), kept messages → values and the details pane (`decode.ts`). */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode, describe } from './decode.ts';
import { end, hole, inMessage, newState, parse, recognise, resync, resyncTail } from './parse.ts';

const require = createRequire(import.meta.url);

const opcodes = ['text', 'binary', 'ping', 'pong', 'close'];

export const webSocketFields: readonly FieldDeclaration[] = (
  ['request', 'response'] as const
).flatMap((side): FieldDeclaration[] => [
  { path: `${side}.opcode`, type: 'text', help: 'Kind of message', values: opcodes },
  { path: `${side}.text`, type: 'text', help: 'Text of the message; base64 when it is binary' },
  { path: `${side}.size`, type: 'number', help: 'Bytes of the payload on the wire' },
  { path: `${side}.frames`, type: 'number', help: 'Frames of the message' },
  { path: `${side}.compressed`, type: 'boolean', help: 'permessage-deflate was used' },
  { path: `${side}.closeCode`, type: 'number', help: 'Why the connection is closed' },
  { path: `${side}.closeReason`, type: 'text', help: 'The same in words' },
]);

/** Codes of close frames: RFC 6455 section 7.4.1 and IANA's registry of close codes. */
const closeNames: Readonly<Record<number, string>> = {
  1000: 'Normal Closure',
  1001: 'Going Away',
  1002: 'Protocol Error',
  1003: 'Unsupported Data',
  1005: 'No Status Received',
  1006: 'Abnormal Closure',
  1007: 'Invalid Frame Payload Data',
  1008: 'Policy Violation',
  1009: 'Message Too Big',
  1010: 'Mandatory Extension',
  1011: 'Internal Error',
  1012: 'Service Restart',
  1013: 'Try Again Later',
  1014: 'Bad Gateway',
  1015: 'TLS Handshake',
};

export const webSocketProtocol: Protocol = {
  code: 5,
  id: 'websocket',
  title: 'WebSocket',
  label: 'WS',
  colour: '#0b7676',
  textColour: '#ffffff',
  specification: 'https://www.rfc-editor.org/rfc/rfc6455',
  ports: [],
  pairing: 'none',
  versionText: String,
  statusNames: () => closeNames,
  parser: { recognise, newState, parse, hole, resync, resyncTail, end, inMessage },
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./decode.ts').describe),
  fields: webSocketFields,
  macros: { ws: 'protocol.name == "websocket"' },
};
