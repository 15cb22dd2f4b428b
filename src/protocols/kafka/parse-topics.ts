/**
 * Names of topics by their ids, as answers on any connection of this thread have told them. Ids are
 * random and never used again, so one table serves all clusters.
 */

/** Length of a topic id: a UUID. */
export const topicIdBytes = 16;
/** Topics known at a time; then those learnt first are forgotten. */
const maxTopics = 20_000;
/** Longest name of a topic that Kafka allows. */
const maxNameBytes = 249;

export interface Topic {
  readonly id: Uint8Array;
  readonly name: string;
  /** The name as on the wire. */
  readonly bytes: Uint8Array;
}

const decoder = new TextDecoder();

/** Names learnt so far: while it stays the same, an id without a name has none still. */
export let learntTopics = 0;

/** By the first 6 bytes of the id, as a number. */
const topics = new Map<number, Topic>();
/** Those found last, by the last byte of the id: most messages are about few topics. */
const recent: (Topic | undefined)[] = new Array<Topic | undefined>(256).fill(undefined);

function keyAt(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return (high >>> 0) * 0x1_0000 + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
}

function hasId(topic: Topic | undefined, bytes: Uint8Array, at: number): topic is Topic {
  if (topic === undefined) return false;
  const { id } = topic;
  for (let i = 0; i < topicIdBytes; i++) if (id[i] !== bytes[at + i]) return false;
  return true;
}

/** The topic with the id at `idAt` has the name `[nameFrom, nameTo)`. */
export function learnTopic(
  bytes: Uint8Array,
  idAt: number,
  nameFrom: number,
  nameTo: number,
): void {
  if (nameTo - nameFrom > maxNameBytes || topicAt(bytes, idAt) !== undefined) return;
  const name = bytes.slice(nameFrom, nameTo);
  if (topics.size >= maxTopics) topics.delete(topics.keys().next().value!);
  const id = bytes.slice(idAt, idAt + topicIdBytes);
  learntTopics++;
  topics.set(keyAt(id, 0), { id, name: decoder.decode(name), bytes: name });
}

/** The topic with the id at `at`, or undefined. */
export function topicAt(bytes: Uint8Array, at: number): Topic | undefined {
  const slot = bytes[at + topicIdBytes - 1]!;
  const last = recent[slot];
  if (hasId(last, bytes, at)) return last;
  const topic = topics.get(keyAt(bytes, at));
  if (!hasId(topic, bytes, at)) return undefined;
  recent[slot] = topic;
  return topic;
}

/** For tests: as in a thread that has seen nothing. */
export function forgetTopics(): void {
  topics.clear();
  recent.fill(undefined);
}
