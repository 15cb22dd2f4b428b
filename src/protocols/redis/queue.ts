/**
 * The commands of a transaction are kept until EXEC, whose entry shows them with their results: what is
 * kept of EXEC is these commands, one behind the other, and EXEC itself.
 */
import type { Message } from '../../dissect/contract.ts';
import type { Command } from './commands.ts';
import { hasSecretAnswer, hasSecrets } from './secrets.ts';
import type { RedisState } from './state.ts';

/** Commands of one transaction that are kept, in bytes; those behind are not shown with EXEC. */
const maxQueueBytes = 65_536;
/** A longer command is represented by its name. */
const maxCommandBytes = 8192;
/** Spans from here on are texts that do not lie in the message. */
const madeFrom = 2 ** 30;

/** Stands behind the commands that were kept, for those that were not. */
export const furtherCommands = '...';
const encoder = new TextEncoder();
const further = encoder.encode(`*1\r\n$${furtherCommands.length}\r\n${furtherCommands}\r\n`);

/** MULTI. Within another transaction it is an error, and changes nothing. */
export function openQueue(state: RedisState): void {
  if (state.queue !== undefined) return;
  state.queue = new Uint8Array(0);
  state.queueBytes = 0;
  state.queueFull = false;
  state.queueSecret = false;
}

/** The request in `words`, of which `kept` bytes are at `start`, awaits EXEC. */
export function queueCommand(
  state: RedisState,
  command: Command | undefined,
  bytes: Uint8Array,
  start: number,
  kept: number,
): void {
  // Refused within a transaction, never queued.
  if (command?.name === 'WATCH') return;
  if (command !== undefined && hasSecretAnswer(command)) state.queueSecret = true;
  if (command !== undefined && hasSecrets(command)) {
    append(state, standIn(command.name, '[REDACTED]'));
  } else if (kept > maxCommandBytes) {
    append(state, standIn(command?.name ?? '?', '...'));
  } else append(state, bytes.subarray(start, start + kept));
}

function standIn(name: string, word: string): Uint8Array {
  return encoder.encode(`*2\r\n$${name.length}\r\n${name}\r\n$${word.length}\r\n${word}\r\n`);
}

/** Commands behind one that found no room are not kept either: results belong to commands by number. */
function append(state: RedisState, command: Uint8Array): void {
  if (state.queueFull) return;
  const used = state.queueBytes;
  state.queueFull = used + command.length + further.length > maxQueueBytes;
  const added = state.queueFull ? further : command;
  const queue = state.queue!;
  if (used + added.length > queue.length) {
    const larger = new Uint8Array(Math.max(512, 2 * (used + added.length)));
    larger.set(queue.subarray(0, used));
    state.queue = larger;
  }
  state.queue!.set(added, used);
  state.queueBytes += added.length;
}

/** Makes the commands queued before it part of the message of EXEC. */
export function withQueue(
  state: RedisState,
  message: Message,
  bytes: Uint8Array,
  start: number,
  kept: number,
): void {
  const before = state.queueBytes;
  if (before === 0) return;
  const source = new Uint8Array(before + kept);
  source.set(state.queue!.subarray(0, before));
  source.set(bytes.subarray(start, start + kept), before);
  message.source = source;
  message.to = source.length;
  if (message.method.from >= madeFrom) return;
  message.method.from += before;
  message.method.to += before;
}
