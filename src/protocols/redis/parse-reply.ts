/** What a server says: answers, in the order of their requests, and pushes. */
import { type ParserStream, type Progress, Step, type Window } from '../../dissect/contract.ts';
import { beginMessage, dropString, finishMessage, keptLimit } from './parse-long.ts';
import { fillPush, monitorKind, PushKind, pushKind, pushName } from './parse-push.ts';
import { cr, lf, Scan, scan, scanLine, skipLine } from './parse-value.ts';
import { isCommandArray } from './recognise.ts';
import { redactAnswer } from './redact.ts';
import { Kind, kindOf, numberOf, Part, type RedisState, Replies } from './state.ts';

type Stream = ParserStream<RedisState>;

const star = 0x2a;
const dollar = 0x24;

/** All answers and pushes that lie whole in the window. See `Parser.parse`. */
export function parseReplies(window: Window, stream: Stream): Progress {
  const { state } = stream;
  while (window.length > 0) {
    if (state.replicating) {
      state.size += window.length;
      window.consume(window.length);
      return Step.Next;
    }
    const progress = state.begun ? goOn(window, stream) : parseOne(window, stream);
    if (progress !== Step.Next) return progress;
  }
  return Step.Next;
}

function parseOne(window: Window, stream: Stream): Progress {
  const { state, out } = stream;
  const { bytes, start, end } = window;
  if (state.part === Part.Unknown) {
    const first = bytes[start]!;
    if (first === lf || first === cr) {
      // A sign of life of a server that prepares a replica.
      window.consume(1);
      return Step.Next;
    }
    if (first === star && isClient(window, stream)) {
      out.handOver(undefined);
      return Step.Stop;
    }
    const wanted = classify(window, stream);
    if (wanted > 0) return wanted;
  }
  const isHead = state.part === Part.Head;
  const next = isHead ? scanLine(bytes, start, end, state) : scan(bytes, start, end, state);
  if (next === Scan.Broken) return Step.Lost;
  if (isHead) state.wanted = window.length + 1;
  const limit = keptLimit(out);
  if (next === Scan.More) {
    if (window.length <= limit) return Math.min(state.wanted, limit + 1);
    state.length = 0;
    fillAnswer(window, stream, limit);
    beginMessage(window, stream, limit);
    return Step.Next;
  }
  const length = next - start;
  state.length = length;
  fillAnswer(window, stream, Math.min(length, limit));
  out.message.size = length;
  out.message.cut = length > limit;
  if (state.replicating) {
    out.begin();
    state.size = length;
    stream.peer.replicating = true;
  } else {
    out.whole();
    state.next();
  }
  window.consume(length);
  return Step.Next;
}

const acknowledgement = '*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n';

/**
 * Commands come from the end that was taken for the server: the other one has not said any yet, or said
 * those of a replication stream, which a replica acknowledges.
 */
function isClient(window: Window, stream: Stream): boolean {
  const { bytes, start, end } = window;
  if (!stream.peer.known) return isCommandArray(bytes, start, end);
  // `R` of REPLCONF, before anything is compared at length.
  if (end - start < acknowledgement.length || bytes[start + 8] !== 0x52) return false;
  return window.latin1(0, acknowledgement.length) === acknowledgement;
}

/** Decides what the message at the window's beginning is. A positive number: not before so many bytes. */
function classify(window: Window, stream: Stream): number {
  const { state, out } = stream;
  const first = window.u8(0);
  const note = out.oldestNote();
  const kind = kindOf(note);
  state.values = 1;
  state.part = Part.Answer;
  state.need = 1;
  if (first === 0x2b) {
    // Without a request that waits: MONITOR may have been asked for before the connection was joined.
    if (!state.monitoring && kind !== 0) return 0;
    const is = monitorKind(window);
    if (is > 0) return undecided(state, is);
    if (is === PushKind.Message) {
      state.part = Part.MonitorLine;
      state.monitoring = true;
    }
    return 0;
  }
  if (kind === Kind.Sync && first === dollar) state.part = Part.Head;
  const pushed = first === 0x3e;
  if (!pushed && (first !== star || !mayBePush(state, kind))) return 0;
  const is = pushKind(window);
  if (is > 0) return undecided(state, is);
  if (kind === Kind.Subscribe && is === PushKind.Confirmation) {
    state.values = Math.max(1, numberOf(note) || subscriptionsOf(window, state));
    state.need = state.values;
  } else if (pushed || is === PushKind.Message || (kind === 0 && is === PushKind.Confirmation)) {
    state.part = Part.Push;
  }
  return 0;
}

function undecided(state: RedisState, wanted: number): number {
  state.part = Part.Unknown;
  return wanted;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** In RESP2, a message of a channel looks like any array: it can be one only where nothing else comes. */
function mayBePush(state: RedisState, kind: number): boolean {
  return state.subscribed || kind === 0 || kind === Kind.Subscribe;
}

/** Confirmations of an UNSUBSCRIBE that names no channels: one for each subscription. */
function subscriptionsOf(window: Window, state: RedisState): number {
  // `*3\r\n$11\r\nu...`, `$12\r\np...`, `$12\r\ns...`
  const letter = window.u8(9);
  if (letter === 0x70) return state.patterns;
  return letter === 0x73 ? state.shards : state.channels;
}

/** Sets the message for what lies in the window, of which `kept` bytes are kept. */
export function fillAnswer(window: Window, stream: Stream, kept: number): void {
  const { state, peer, out } = stream;
  const { message } = out;
  message.reset();
  message.to = kept;
  const { part, headAt } = state;
  if (part === Part.Push || part === Part.MonitorLine) {
    if (window.u8(0) === 0x3e) state.version = 3;
    message.push = true;
    fillPush(window, state, message, kept);
  } else {
    const note = out.oldestNote();
    const head = headAt >= 0 && headAt < window.length ? window.u8(headAt) : 0;
    const kind = kindOf(note);
    message.failed = head === 0x2d || head === 0x21 || (isExec(kind) && state.sawError);
    if (kind > Kind.Exec) changes(window, stream, note, message.failed);
    if ((kind >= Kind.Settings || kind === 0) && out.redacting) {
      redactAnswer(message, kind, window.bytes, window.start, window.start + kept);
    }
  }
  message.version = state.version;
  // Whoever is answered has not turned answers off: that request failed.
  if (part === Part.Answer && peer.replies === Replies.Off && out.oldestNote() === 0) {
    peer.replies = Replies.On;
  }
  peer.version = state.version;
}

function isExec(kind: number): boolean {
  return kind === Kind.Exec || kind === Kind.SecretExec;
}

/** What an answer changes for those behind it. */
function changes(window: Window, stream: Stream, note: number, failed: boolean): void {
  const { state } = stream;
  switch (kindOf(note)) {
    case Kind.Subscribe:
      if (window.u8(0) === 0x2a || window.u8(0) === 0x3e) countSubscriptions(window, state);
      return;
    case Kind.Monitor:
      state.monitoring ||= !failed;
      return;
    case Kind.Hello:
      if (!failed && numberOf(note) >= 2) state.version = numberOf(note);
      return;
    case Kind.Reset:
      state.version = 2;
      state.monitoring = false;
      state.channels = state.patterns = state.shards = 0;
      return;
    case Kind.Sync:
      state.replicating = !failed && window.u8(0) !== 0x2d;
      return;
  }
}

/** The confirmation tells how many subscriptions there are now; channels and patterns together. */
function countSubscriptions(window: Window, state: RedisState): void {
  const count = state.length > 0 ? lastNumber(window, state.length) : -1;
  if (count < 0) return;
  const name = pushName(window);
  if (name.startsWith('p')) state.patterns = Math.max(0, count - Math.max(0, state.channels));
  else if (name.startsWith('ss') || name.startsWith('sun')) state.shards = count;
  else state.channels = Math.max(0, count - Math.max(0, state.patterns));
}

/** The number `:N` that ends the first `length` bytes, or -1. */
function lastNumber(window: Window, length: number): number {
  let value = 0;
  let factor = 1;
  for (let i = length - 3; i > 0; i--) {
    const byte = window.u8(i);
    if (byte === 0x3a) return value;
    if (!isDigit(byte)) return -1;
    value += (byte - 48) * factor;
    factor *= 10;
  }
  return -1;
}

/** The rest of an answer that is too long to be kept. */
function goOn(window: Window, stream: Stream): Progress {
  const { state } = stream;
  if (state.remaining > 0) {
    const dropped = Math.min(state.remaining, window.length);
    window.consume(dropped);
    state.remaining -= dropped;
    state.size += dropped;
    if (state.remaining > 0) return Step.Next;
  }
  if (state.lineBytes > 0) {
    const progress = dropLine(window, state);
    if (progress !== Step.Next) return progress;
  }
  if (state.need === 0 && state.depth === 0 && !state.inAttribute) return finishMessage(stream);
  if (window.length === 0) return Step.Next;
  const { bytes, start, end } = window;
  state.at = 0;
  const next = scan(bytes, start, end, state);
  if (next === Scan.Broken) return Step.Lost;
  const read = next === Scan.More ? state.at : next - start;
  if (next === Scan.More && state.stringBytes > 0) {
    dropString(window, state);
    state.size += window.length;
    window.consume(window.length);
    return Step.Next;
  }
  const taken = next === Scan.More ? read + state.lineBytes : read;
  window.consume(taken);
  state.size += taken;
  state.at = 0;
  return next === Scan.More ? window.length + 1 : finishMessage(stream);
}

/** The rest of a line of which `state.lineBytes` bytes are dropped already. */
function dropLine(window: Window, state: RedisState): Progress {
  const { bytes, start, end } = window;
  const before = state.lineBytes;
  const next = skipLine(bytes, start, end, state);
  if (next === Scan.Broken) return Step.Lost;
  const dropped = next === Scan.More ? state.lineBytes - before : next - start;
  window.consume(dropped);
  state.size += dropped;
  if (next === Scan.More) return window.length + 1;
  state.need--;
  return Step.Next;
}
