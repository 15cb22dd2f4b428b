/**
 * Entry ids: 13 hexadecimal digits of microseconds since 1970, then 12 of node, thread and counter.
 * Sorting the text sorts by time.
 */

const timeDigits = 13;
const sequenceDigits = 12;
const pattern = /^[0-9a-f]{25}$/;

export interface EntryId {
  readonly idTime: number;
  readonly idSequence: number;
}

export function formatId(idTime: number, idSequence: number): string {
  return (
    idTime.toString(16).padStart(timeDigits, '0') +
    idSequence.toString(16).padStart(sequenceDigits, '0')
  );
}

/** The two halves, or undefined when the text is not an id. */
export function parseId(text: string): EntryId | undefined {
  if (!pattern.test(text)) return undefined;
  return {
    idTime: Number.parseInt(text.slice(0, timeDigits), 16),
    idSequence: Number.parseInt(text.slice(timeDigits), 16),
  };
}

/** The node's number within `idSequence`: its highest 16 of 48 bits. 0: no node. */
export function nodeNumber(idSequence: number): number {
  return Math.floor(idSequence / 2 ** 32);
}

/** Node numbers that `otherNodes` has room for. */
const maxOtherNodes = 3;

/** The `otherNodes` column's value; more nodes than it has room for are left out. */
export function packOtherNodes(nodes: readonly number[]): number {
  return nodes
    .slice(0, maxOtherNodes)
    .reduce((packed, node, place) => packed + node * 2 ** (16 * place), 0);
}

export function otherNodeNumbers(packed: number): number[] {
  const nodes: number[] = [];
  for (let rest = packed; rest >= 1 && nodes.length < maxOtherNodes; ) {
    nodes.push(rest % 0x1_0000);
    rest = Math.floor(rest / 0x1_0000);
  }
  return nodes;
}

/** Connection numbers below this go with each thread: a stream is thread · connection number. */
const connectionsPerThread = 2 ** 40;

/** The `stream` column's value for a connection of a pipeline thread. */
export function streamNumber(thread: number, connection: number): number {
  return thread * connectionsPerThread + connection;
}

/** A stream as users see it: `thread-connection`. */
export function streamText(stream: number): string {
  const thread = Math.floor(stream / connectionsPerThread);
  return `${thread}-${stream - thread * connectionsPerThread}`;
}

/** The number behind the text, or undefined when the text is not a stream. */
export function parseStream(text: string): number | undefined {
  const parts = /^(\d{1,4})-(\d{1,13})$/.exec(text);
  return parts ? streamNumber(Number(parts[1]), Number(parts[2])) : undefined;
}
