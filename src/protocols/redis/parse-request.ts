/** Requests of a client: where they end, what a row shows of them, and what they change. */
import type { ParserStream, Progress, Window } from '../../dissect/contract.ts';
import { Step, Verdict } from '../../dissect/contract.ts';
import { type Command, findCommand, findSubcommand, Special } from './commands.ts';
import { beginMessage, finishMessage, keptLimit } from './parse-long.ts';
import { cr, lf, Scan } from './parse-value.ts';
import { maxInlineBytes, place, readHead, readWords, splitLine, words } from './parse-words.ts';
import { openQueue, queueCommand, withQueue } from './queue.ts';
import { isReply, recognise } from './recognise.ts';
import { redactWords } from './redact.ts';
import { setMethod, setTarget } from './row-texts.ts';
import { Kind, noteOf, type RedisState, Replies } from './state.ts';

type Stream = ParserStream<RedisState>;

const star = 0x2a;
const dollar = 0x24;
/** As many lines of replies in a row are no ends of values. */
const likeReplies = 2;

/** All requests that lie whole in the window. See `Parser.parse`. */
export function parseRequests(window: Window, stream: Stream): Progress {
  const { state } = stream;
  while (window.length > 0) {
    if (state.replicating) {
      window.consume(window.length);
      return Step.Next;
    }
    const progress = state.begun ? goOn(window, stream) : parseOne(window, stream);
    if (progress !== Step.Next) return progress;
  }
  return Step.Next;
}

function parseOne(window: Window, stream: Stream): Progress {
  const { bytes, start, end } = window;
  const first = bytes[start]!;
  if (first === star) return parseArray(window, stream);
  if (first === lf || first === cr) {
    window.consume(1);
    return Step.Next;
  }
  if (isReply(bytes, start, end)) return meetReply(window, stream);
  return parseLine(window, stream);
}

/**
 * A server speaks here: the sides were taken for each other, in the middle of the connection. But a
 * line may be the end of a value whose beginning was missed, a string one of its words.
 */
function meetReply(window: Window, stream: Stream): Progress {
  const { state, out } = stream;
  state.replyLike++;
  const telling = window.u8(0) !== dollar && recognise(window, 'server') === Verdict.Yes;
  if (state.replyLike < likeReplies && !telling) return Step.Lost;
  out.handOver(undefined);
  return Step.Stop;
}

function parseArray(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const { bytes, start, end } = window;
  let next: number;
  if (state.at === 0) {
    const count = readHead(bytes, start, end);
    if (count === -2) return window.length + 1;
    if (count === -1) return emptyArray(window);
    next = count === 0 ? place.at : readWords(bytes, end);
  } else {
    place.at = start + state.at;
    place.need = state.need;
    next = readWords(bytes, end);
  }
  if (next === Scan.Broken) return Step.Lost;
  if (next === Scan.More) return waitForWords(window, stream);
  if (state.at !== 0) {
    readHead(bytes, start, end);
    readWords(bytes, end);
    state.next();
  }
  if (words.total > 0) report(window, stream, next - start);
  window.consume(next - start);
  return Step.Next;
}

/** `*-1`: Redis takes it for nothing. */
function emptyArray(window: Window): Progress {
  if (window.length < 5) return window.length + 1;
  if (window.latin1(0, 5) !== '*-1\r\n') return Step.Lost;
  window.consume(5);
  return Step.Next;
}

function waitForWords(window: Window, stream: Stream): Progress {
  const { state, out } = stream;
  state.at = place.at - window.start;
  state.need = place.need;
  state.stringBytes = place.wordBytes;
  const limit = keptLimit(out);
  const whole = state.at + state.stringBytes;
  if (window.length <= limit) return Math.max(window.length + 1, Math.min(whole, limit + 1));
  readHead(window.bytes, window.start, window.end);
  readWords(window.bytes, window.end);
  fillRequest(window, stream, limit);
  beginMessage(window, stream, limit);
  return Step.Next;
}

/** The rest of a request that is too long to be kept. */
function goOn(window: Window, stream: Stream): Progress {
  const { state } = stream;
  if (state.remaining > 0) {
    const dropped = Math.min(state.remaining, window.length);
    window.consume(dropped);
    state.remaining -= dropped;
    state.size += dropped;
    if (state.remaining > 0) return Step.Next;
  }
  if (state.need === 0) return finishMessage(stream);
  if (window.length === 0) return Step.Next;
  place.at = window.start;
  place.need = state.need;
  const next = readWords(window.bytes, window.end);
  if (next === Scan.Broken) return Step.Lost;
  const read = (next === Scan.More ? place.at : next) - window.start;
  window.consume(read);
  state.size += read;
  state.need = next === Scan.More ? place.need : 0;
  if (state.need === 0) return finishMessage(stream);
  if (place.wordBytes === 0) return window.length + 1;
  state.remaining = place.wordBytes;
  state.need--;
  return Step.Next;
}

/** A request typed as a line. */
function parseLine(window: Window, stream: Stream): Progress {
  const { bytes, start, end } = window;
  const newline = window.indexOf(lf, stream.state.at);
  const to = newline < 0 ? end : start + newline;
  if (!isText(bytes, start + stream.state.at, to)) return Step.Lost;
  if (newline < 0) {
    stream.state.at = window.length;
    return window.length > maxInlineBytes ? Step.Lost : window.length + 1;
  }
  stream.state.at = 0;
  const lineEnd = bytes[to - 1] === cr ? to - 1 : to;
  if (!splitLine(bytes, start, lineEnd)) return Step.Lost;
  if (words.total > 0) report(window, stream, newline + 1);
  window.consume(newline + 1);
  return Step.Next;
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if ((byte < 0x20 && byte !== 9 && byte !== cr) || byte === 0x7f) return false;
  }
  return true;
}

/** The request in `words`, `length` bytes long, lies whole in the window. */
function report(window: Window, stream: Stream, length: number): void {
  const { out } = stream;
  const limit = keptLimit(out);
  stream.state.replyLike = 0;
  fillRequest(window, stream, Math.min(length, limit));
  out.message.size = length;
  out.message.cut = length > limit;
  out.whole();
}

/** Sets the message, of which `kept` bytes are kept, and what the request changes. */
export function fillRequest(window: Window, stream: Stream, kept: number): void {
  const { state, peer, out } = stream;
  const { message } = out;
  const { bytes, start } = window;
  const from = words.from[0]!;
  const to = words.to[0]!;
  let command = findCommand(bytes, from, to);
  if (command?.container === true && words.known > 1) {
    command = findSubcommand(bytes, from, to, words.from[1]!, words.to[1]!) ?? command;
  }
  message.reset();
  message.to = kept;
  message.version = peer.version;
  message.note = command === undefined || command.special === 0 ? Kind.Plain : special(command);
  setMethod(message, command, start);
  setTarget(message, command, start);
  if (out.redacting && command !== undefined) redactWords(message, command, bytes, start, kept);
  if (command !== undefined) state.known = true;
  message.oneWay = command === undefined ? isSilent(state) : changes(stream, command);
  if (!message.oneWay) state.sent++;
  if (state.queue === undefined) return;
  if (command?.special === Special.Exec) {
    if (state.queueSecret) message.note = Kind.SecretExec;
    withQueue(state, message, bytes, start, kept);
    state.queue = undefined;
  } else if (command?.special !== Special.Multi) {
    queueCommand(state, command, bytes, start, kept);
  }
}

/** The note of a request whose answer needs it. */
function special(command: Command): number {
  switch (command.special) {
    case Special.Exec:
      return Kind.Exec;
    case Special.Subscribe:
      return noteOf(Kind.Subscribe, words.total - 1);
    case Special.Monitor:
      return Kind.Monitor;
    case Special.Sync:
      return Kind.Sync;
    case Special.ReplicationState:
      return words.is(1, 'ACK') ? Kind.Sync : Kind.Plain;
    case Special.Hello:
      return noteOf(Kind.Hello, Math.max(0, words.number(1)));
    case Special.Reset:
      return Kind.Reset;
    case Special.ConfigGet:
    case Special.SentinelSet:
      return Kind.Settings;
    case Special.AclHashes:
      return Kind.Hashes;
    case Special.AclMadePassword:
      return Kind.Password;
    default:
      return Kind.Plain;
  }
}

/** Whether this request is not answered. */
function isSilent(state: RedisState): boolean {
  if (state.replies === Replies.SkipNext) {
    state.replies = Replies.On;
    return true;
  }
  return state.replies === Replies.Off;
}

/** What the request changes for those behind it; whether it is not answered itself. */
function changes(stream: Stream, command: Command): boolean {
  const { state } = stream;
  switch (command.special) {
    case Special.Reply:
      return changeReplies(state);
    case Special.Reset:
      state.replies = Replies.On;
      state.queue = undefined;
      return false;
    case Special.Multi:
      openQueue(state);
      return isSilent(state);
    case Special.Discard:
      state.queue = undefined;
      return isSilent(state);
    case Special.ReplicationState:
      // Only a replica says this, and all that comes back is the stream: joined in its middle.
      state.replicating ||= words.is(1, 'ACK');
      return isSilent(state);
    default:
      return isSilent(state);
  }
}

/** CLIENT REPLY ON|OFF|SKIP. */
function changeReplies(state: RedisState): boolean {
  if (words.is(2, 'ON')) {
    state.replies = Replies.On;
    return false;
  }
  if (words.is(2, 'OFF')) {
    state.replies = Replies.Off;
    return true;
  }
  if (words.is(2, 'SKIP')) {
    if (state.replies !== Replies.Off) state.replies = Replies.SkipNext;
    return true;
  }
  return isSilent(state);
}
