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
  /** The last 10 bytes of the id, of which the first 6 are the key. */
  readonly rest: number;
  readonly last: number;
  readonly name: string;
  /** The name as on the wire. */
  readonly bytes: Uint8Array;
}

const decoder = new TextDecoder();

const topics = new Map<number, Topic>();

function keyAt(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) * 0x1_0000 + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
}

function uint32(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16);
  return (high | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The topic with the id at `idAt` has the name `[nameFrom, nameTo)`. */
export function learnTopic(
  bytes: Uint8Array,
  idAt: number,
  nameFrom: number,
  nameTo: number,
): void {
  if (nameTo - nameFrom > maxNameBytes) return;
  const key = keyAt(bytes, idAt);
  const known = topics.get(key);
  const rest = uint32(bytes, idAt + 6);
  const last = uint32(bytes, idAt + 12);
  if (known !== undefined && known.rest === rest && known.last === last) return;
  const name = bytes.slice(nameFrom, nameTo);
  if (topics.size >= maxTopics) topics.delete(topics.keys().next().value!);
  topics.set(key, { rest, last, name: decoder.decode(name), bytes: name });
}

/** The topic with the id at `at`, or undefined. */
export function topicAt(bytes: Uint8Array, at: number): Topic | undefined {
  const topic = topics.get(keyAt(bytes, at));
  if (topic?.rest !== uint32(bytes, at + 6) || topic.last !== uint32(bytes, at + 12)) {
    return undefined;
  }
  return topic;
}

/** For tests: as in a thread that has seen nothing. */
export function forgetTopics(): void {
  topics.clear();
}
