/** What the parser remembers of one side. */

/** What a request is, in the low bits of its note; a number stands above them. */
export const Kind = {
  Plain: 1,
  Exec: 2,
  /** Number: how many confirmations answer it; 0: as many as there are subscriptions of that kind. */
  Subscribe: 3,
  Monitor: 4,
  Sync: 5,
  /** Number: the protocol version asked for; 0: none. */
  Hello: 6,
  Reset: 7,
  /** Answers with secrets in them: values of settings, hashes, a whole value. */
  Settings: 8,
  Hashes: 9,
  Password: 10,
  /** EXEC of commands whose answers hold secrets. */
  SecretExec: 11,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const kindBits = 4;
/** Largest number in a note. */
const maxNumber = 2 ** 26;

export function noteOf(kind: Kind, number: number): number {
  return kind | (Math.min(number, maxNumber) << kindBits);
}

export function kindOf(note: number): number {
  return note & ((1 << kindBits) - 1);
}

export function numberOf(note: number): number {
  return note >> kindBits;
}

export const Replies = { On: 0, Off: 1, SkipNext: 2 } as const;
export type Replies = (typeof Replies)[keyof typeof Replies];

/** What the message being read is to its connection. */
export const Part = {
  Unknown: 0,
  Answer: 1,
  Push: 2,
  MonitorLine: 3,
  /** Of the answer to SYNC: the length of a file, which comes without an end of its own. */
  Head: 4,
} as const;
export type Part = (typeof Part)[keyof typeof Part];

/** Values within streamed aggregates, one within the other; deeper ones are damage. */
const maxStreamed = 64;

export class RedisState {
  /** Offset from the window's beginning at which reading goes on. */
  at = 0;
  /** Values that the message still lacks. */
  need = 0;
  /** What the aggregates around a streamed one lack. */
  stack: number[] | undefined = undefined;
  /** Length of the string at `at`, with its head and end, when it has not come whole; else 0. */
  stringBytes = 0;
  /** Bytes of the line at `at`, without its end, that have come; of a message begun: that are dropped. */
  lineBytes = 0;
  /** Bytes in the window with which it is worth trying again. */
  wanted = 0;
  /** The values read are attributes of the answer, which comes behind them. */
  inAttribute = false;
  /** Where the answer begins, behind its attributes. */
  headAt = 0;
  /** An error was among the values. */
  sawError = false;
  part: Part = Part.Unknown;
  /** Length of the message when it lies whole in the window, else 0. */
  length = 0;
  /** Values that make up the message. */
  values = 1;

  /** The message was begun; what belonged to it has been consumed: `size` bytes. */
  begun = false;
  size = 0;
  /** Bytes of a string that are still dropped. */
  remaining = 0;
  hole = false;

  /** Client: requests that await an answer; for finding the place again after a loss. */
  sent = 0;
  /** Server: `sent` of the client when the place was lost; -1: it was not. */
  lostAt = -1;
  /** Client: has sent a command that is known. */
  known = false;
  /** Client: replies in a row where requests should be. */
  replyLike = 0;
  /** Bytes at the window's beginning that belong to what was lost. */
  stale = 0;
  /** Client. */
  replies: Replies = Replies.On;
  /** Client: commands since MULTI, or undefined outside of transactions. */
  queue: Uint8Array | undefined = undefined;
  queueBytes = 0;
  /** No more commands of this transaction are kept. */
  queueFull = false;
  /** Answers of commands in this transaction hold secrets. */
  queueSecret = false;

  /** Server: RESP version in use. */
  version = 2;
  /** Server: subscriptions; -1: not known. */
  channels = -1;
  patterns = -1;
  shards = -1;
  monitoring = false;
  /** Both: the connection carries a replication stream. */
  replicating = false;

  /** Forgets the message being read. */
  next(): void {
    this.at = 0;
    this.need = 0;
    this.stringBytes = 0;
    this.lineBytes = 0;
    this.wanted = 0;
    this.inAttribute = false;
    this.headAt = 0;
    this.sawError = false;
    this.part = Part.Unknown;
    this.begun = false;
    this.size = 0;
    this.remaining = 0;
    this.hole = false;
    if (this.stack !== undefined) this.stack.length = 0;
  }

  /** A streamed aggregate opens inside one that lacks `need` values. False: too deep. */
  push(need: number): boolean {
    this.stack ??= [];
    return this.stack.push(need) <= maxStreamed;
  }

  get depth(): number {
    return this.stack?.length ?? 0;
  }

  /** In RESP2, nothing but messages and what a subscriber may ask for is on this connection. */
  get subscribed(): boolean {
    return this.channels > 0 || this.patterns > 0 || this.shards > 0;
  }
}
