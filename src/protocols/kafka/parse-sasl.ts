/**
 * Who authenticates, and by which mechanism.
 *
 * After a handshake of version 1 tokens travel in SaslAuthenticate; after one of version 0 they travel
 * bare, `i32 length · token`, in both directions by turns, until the client sends a request. A bare
 * token is kept as the SaslAuthenticate message it stands for, with api version -1.
 */
import type { Message, ParserStream, Window } from '../../dissect/contract.ts';
import { redactToken } from './parse-redact.ts';
import { seen } from './parse-skim.ts';
import type { KafkaState } from './parse-state.ts';
import { textAt } from './parse-target.ts';

type Stream = ParserStream<KafkaState>;

export const saslHandshakeKey = 17;
export const saslAuthenticateKey = 36;
/** Longest token that is believed, and the part of it that is looked at for a name. */
export const maxTokenBytes = 1 << 20;
const maxNameBytes = 1024;
/** Bare tokens pair by their number; correlation ids are below. */
const firstTokenKey = 2 ** 32;

/** The request in `seen` and `message` is a handshake. */
export function noteHandshake(window: Window, state: KafkaState, version: number): void {
  if (seen.topics > 0) {
    state.mechanism = textAt(window.bytes, seen.topicSpans[0]!, seen.topicSpans[1]!);
  }
  state.user = '';
  state.rawTokens = version === 0;
}

/** The user that a token names, or ''. */
export function userOf(token: string, mechanism: string): string {
  const scram = /^[nyp][^,]*,[^,]*,(?:m=[^,]*,)?n=([^,]*),r=/.exec(token);
  if (scram !== null) return scram[1]!.replaceAll('=2C', ',').replaceAll('=3D', '=');
  const bearer = /^n,a=([^,]*),auth=/.exec(token.replace('\u0001', ''));
  if (bearer !== null) return bearer[1]!;
  const parts = token.split('\0');
  const isPlain = parts.length === 3 && (mechanism === 'PLAIN' || mechanism === '');
  return isPlain ? parts[1]! : '';
}

/** The target of an authentication: its user, or its mechanism. */
export function setUser(window: Window, message: Message, state: KafkaState): void {
  if (seen.secretTo > seen.secretFrom) {
    const to = Math.min(seen.secretTo, seen.secretFrom + maxNameBytes);
    nameUser(textAt(window.bytes, seen.secretFrom, to), message, state);
  } else nameUser('', message, state);
}

function nameUser(token: string, message: Message, state: KafkaState): void {
  const user = userOf(token, state.mechanism);
  if (user !== '') state.user = user;
  const target = state.user || state.mechanism;
  if (target !== '') message.text(message.target, target);
}

/** The window begins with a whole bare token of `total` bytes with its length: fills the message. */
export function fillToken(window: Window, stream: Stream, total: number): void {
  const { out, state, side, peer } = stream;
  const { message } = out;
  const isRequest = side === 'client';
  message.reset();
  const bare = window.view(4, total);
  const token = out.redacting ? redactToken(bare) : bare;
  message.source = isRequest
    ? requestAround(token, state.tokens)
    : responseAround(token, state.tokens);
  message.to = message.source.length;
  message.size = total;
  message.key = firstTokenKey + state.tokens;
  state.tokens++;
  if (token !== bare) message.redact(0, 0);
  if (!isRequest) return;
  message.text(message.method, 'SaslAuthenticate');
  nameUser(textAt(bare, 0, maxNameBytes), message, isRequest ? state : peer);
}

/** size · 36 · -1 · number · no client id · token */
function requestAround(token: Uint8Array, number: number): Uint8Array {
  const bytes = new Uint8Array(18 + token.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt16(4, saslAuthenticateKey);
  view.setInt16(6, -1);
  view.setInt32(8, number);
  view.setInt16(12, -1);
  view.setInt32(14, token.length);
  bytes.set(token, 18);
  return bytes;
}

/** size · number · no error · no message · token */
function responseAround(token: Uint8Array, number: number): Uint8Array {
  const bytes = new Uint8Array(16 + token.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt32(4, number);
  view.setInt16(10, -1);
  view.setInt32(12, token.length);
  bytes.set(token, 16);
  return bytes;
}
