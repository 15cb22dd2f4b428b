/** What a row names as the target of a request: topics, else group, else transaction, else client id. */
import type { ParserStream, Window } from '../../dissect/contract.ts';
import { requestHeaderBytes } from './parse-header.ts';
import { maxMarkedTopics, seen } from './parse-skim.ts';
import type { KafkaState } from './parse-state.ts';
import { learntTopics, topicAt, topicIdBytes } from './parse-topics.ts';

type Stream = ParserStream<KafkaState>;

/** Topics named in a row; of more, the rest is counted. */
const maxNamedTopics = 8;

const decoder = new TextDecoder();

export function textAt(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}

/** Topics whose places are in `seen`. */
export function markedTopics(): number {
  return Math.min(seen.topics, maxMarkedTopics);
}

/** Whether marked topic `index` is known by its id; else by its name. */
export function isMarkedById(index: number): boolean {
  return seen.topicSpans[index * 2 + 1] === -1;
}

/** The name of a marked topic, or its id as Kafka writes it. */
export function markedTopic(bytes: Uint8Array, index: number): string {
  const from = seen.topicSpans[index * 2]!;
  if (!isMarkedById(index)) return textAt(bytes, from, seen.topicSpans[index * 2 + 1]!);
  const topic = topicAt(bytes, from);
  if (topic !== undefined) return topic.name;
  return Buffer.from(bytes.subarray(from, from + topicIdBytes)).toString('base64url');
}

function topicsText(bytes: Uint8Array): string {
  if (seen.topics === 1) return markedTopic(bytes, 0);
  const names: string[] = [];
  const count = Math.min(seen.topics, maxNamedTopics);
  for (let i = 0; i < count; i++) names.push(markedTopic(bytes, i));
  const text = names.join(', ');
  return seen.topics > count ? `${text} and ${seen.topics - count} more` : text;
}

/** Sets the target from what was `seen`; `clientIdTo` is absolute. */
export function setTarget(window: Window, stream: Stream, clientIdTo: number): void {
  const { message } = stream.out;
  const { bytes, start } = window;
  const { target } = message;
  const hasGroup = seen.groupTo > seen.groupFrom;
  if (seen.topics === 1 && !hasGroup && !isMarkedById(0)) {
    target.from = seen.topicSpans[0]! - start;
    target.to = seen.topicSpans[1]! - start;
  } else if (seen.topics > 0) {
    const names = topicsText(bytes);
    const group = hasGroup ? textAt(bytes, seen.groupFrom, seen.groupTo) : '';
    message.text(target, hasGroup ? `${group} (${names})` : names);
  } else if (hasGroup) {
    target.from = seen.groupFrom - start;
    target.to = seen.groupTo - start;
  } else if (seen.transactionTo > seen.transactionFrom) {
    target.from = seen.transactionFrom - start;
    target.to = seen.transactionTo - start;
  } else setClientId(stream, clientIdTo - start);
}

function setClientId(stream: Stream, to: number): void {
  const { target } = stream.out.message;
  if (to <= requestHeaderBytes) return;
  target.from = requestHeaderBytes;
  target.to = to;
}

/** Requests within a fetch session do not repeat its topics. */
export function setFetchTarget(window: Window, stream: Stream, clientIdTo: number): void {
  const { out, state } = stream;
  const { target } = out.message;
  const { bytes, start } = window;
  const marked = markedTopics();
  if (marked === 1 && !isMarkedById(0) && seen.epoch < 0) {
    // No session: each request names its topics.
    setTarget(window, stream, clientIdTo);
    return;
  }
  if (seen.epoch <= 0 && marked > 0) state.clearSession();
  if (state.unnamed.size > 0) nameSession(state);
  for (let i = 0; i < marked; i++) addToSession(state, bytes, i);
  if (state.sessionText !== '') out.message.text(target, state.sessionText);
  else setClientId(stream, clientIdTo - start);
}

/** Topics of a session whose beginning was missed. */
export function learnSession(window: Window, client: KafkaState): void {
  if (client.sessionTopics.size > 0) return;
  const marked = markedTopics();
  for (let i = 0; i < marked; i++) addToSession(client, window.bytes, i);
}

function addToSession(state: KafkaState, bytes: Uint8Array, index: number): void {
  const from = seen.topicSpans[index * 2]!;
  const isUnnamed = isMarkedById(index) && topicAt(bytes, from) === undefined;
  const id = isUnnamed ? bytes.slice(from, from + topicIdBytes) : undefined;
  state.addSessionTopic(markedTopic(bytes, index), id);
}

/** A session lasts as long as its connection: names may be learnt after its beginning. */
function nameSession(state: KafkaState): void {
  if (state.namesTried === learntTopics) return;
  state.namesTried = learntTopics;
  for (const [shown, id] of state.unnamed) {
    const topic = topicAt(id, 0);
    if (topic !== undefined) state.nameSessionTopic(shown, topic.name);
  }
}
