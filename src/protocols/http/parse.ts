/**
 * HTTP/1 (RFC 9112), the hot half: where each message ends.
 *
 *   start line CRLF · fields CRLF ... · CRLF · body
 *
 * The usual message, whole in the window with a body of known length, takes the straight way through
 * `parse`; everything else leaves it for `parse-body.ts` by branches that are rarely taken.
 */
import {
  type Message,
  type ParserStream,
  type Progress,
  type Side,
  Step,
  Verdict,
  type Window,
} from '../../dissect/contract.ts';
import { ReportedMessage } from '../../dissect/message.ts';
import { beginCut, keepChunks, keepToClose, reportPartial, resume } from './parse-body.ts';
import { cr, emptyLineBytes, findEmptyLine, lf } from './parse-bytes.ts';
import { Body, maxHeadBytes, requestBody, responseBody, scanHead } from './parse-frame.ts';
import { head } from './parse-head.ts';
import { incomplete, requestLine, scanRequestLine, scanStatusLine } from './parse-line.ts';
import { type HttpState, Mode, Note } from './parse-state.ts';
import { beginStream, isStreamed, readStream } from './parse-stream.ts';
import { refineAnswer, refineBody, refineRequest, refineTarget } from './refine.ts';
import { isRefined } from './refined.ts';

type Stream = ParserStream<HttpState>;

/** Bytes of the name of a protocol that is switched to. */
const maxProtocolName = 64;

const scratch = new ReportedMessage();

/** Whether the window starts with a request (side client) or response line. */
export function recognise(window: Window, side: Side): number {
  const { bytes, end } = window;
  let from = window.start;
  while (from < end && (bytes[from] === cr || bytes[from] === lf)) from++;
  if (from === end) return window.length < 16 ? window.length + 1 : Verdict.No;
  scratch.reset();
  const line =
    side === 'client'
      ? scanRequestLine(bytes, from, end, from, scratch, from === window.start)
      : scanStatusLine(bytes, from, end, scratch);
  if (line >= 0) return Verdict.Yes;
  if (line !== incomplete || window.length > maxHeadBytes) return Verdict.No;
  // The preface of HTTP/2 looks like a request until its first line is over.
  const { version } = scratch;
  return version >= 10 && version < 20 ? Verdict.Yes : window.length + 1;
}

export function parse(window: Window, stream: Stream): Progress {
  const { state, out } = stream;
  if (state.mode !== Mode.Head) {
    return state.mode === Mode.Stream ? readStream(window, stream) : resume(window, stream);
  }
  const { bytes, start } = window;
  const length = window.end - start;
  if (length === 0) return 1;
  if (bytes[start] === cr || bytes[start] === lf) return skipEmptyLines(window, stream);
  if (state.scanned > 0 && length <= maxHeadBytes && isHeadOpen(window, state)) return length + 1;
  const headEnd = scanHead(window, stream, length);
  if (headEnd < 0 || headEnd > maxHeadBytes) return unusualHead(window, stream, headEnd);
  const { message } = out;
  const answer = stream.side === 'server';
  const note = answer ? out.oldestNote() : Note.None;
  const body = answer ? responseBody(window, message, headEnd, note) : requestBody(window, message);
  if (body < 0 || isStreamed(message)) {
    const progress = openBody(window, stream, headEnd, body);
    if (progress !== 0) return progress;
  }
  const total = headEnd + body;
  if (body > out.bodyLimit) return cutBody(window, stream, headEnd, total);
  if (total > length) {
    state.scanned = 0;
    return total;
  }
  message.to = total;
  if (isRefined(note) || (!answer && (requestLine.queryAt > 0 || body > 0 || head.isConnect))) {
    refine(message, note, bytes, start, headEnd, total);
  }
  const { status } = message;
  out.whole();
  window.consume(total);
  state.next();
  if (answer) {
    if (status === 101 || note === Note.Connect) switchProtocol(stream, status, bytes);
  } else {
    state.lastNote = message.note;
    if (message.version === 9) state.mode = Mode.Ignore;
  }
  return Step.Next;
}

/** Whether a head whose first line is here has no end yet. */
function isHeadOpen(window: Window, state: HttpState): boolean {
  const { bytes, start, end } = window;
  const from = start + Math.max(state.scanned - emptyLineBytes, state.headStart);
  if (findEmptyLine(bytes, from, end) >= 0) return false;
  state.scanned = end - start;
  return true;
}

/** Looks at a whole message: is it more than HTTP? `note`: of the request that it answers. */
function refine(
  message: Message,
  note: number,
  bytes: Uint8Array,
  start: number,
  headEnd: number,
  total: number,
): void {
  const body = start + headEnd;
  const end = start + total;
  const { contentType } = message;
  if (isRefined(note)) refineAnswer(message, note, bytes, start, body, bytes, body, end);
  else if (contentType.to > contentType.from) {
    refineBody(message, bytes, start, bytes, body, end, head.isConnect);
  } else if (requestLine.queryAt > 0) {
    refineTarget(message, bytes, start, requestLine.queryAt);
  }
}

/** Behind an answer to Upgrade or CONNECT another protocol may follow. */
function switchProtocol({ out }: Stream, status: number, bytes: Uint8Array): void {
  if (status === 101) out.handOver(upgradedTo(bytes));
  else if (status >= 200 && status < 300) out.handOver(undefined);
}

/** What the last head scanned names in its Upgrade header: `websocket`, `h2c`. */
function upgradedTo(bytes: Uint8Array): string | undefined {
  let protocol = '';
  const to = Math.min(head.upgradeTo, head.upgradeFrom + maxProtocolName);
  for (let i = head.upgradeFrom; i < to; i++) protocol += String.fromCharCode(bytes[i]!);
  return protocol === '' ? undefined : protocol.toLowerCase();
}

function skipEmptyLines(window: Window, stream: Stream): Progress {
  if (isSimpleAnswer(stream)) return keepToClose(window, stream, 0, false);
  let count = 0;
  while (count < window.length && (window.u8(count) === cr || window.u8(count) === lf)) count++;
  window.consume(count);
  return Step.Next;
}

/** The answer to a request of HTTP/0.9 is a body without a head. */
function isSimpleAnswer(stream: Stream): boolean {
  return stream.side === 'server' && stream.out.oldestNote() === Note.Simple;
}

function unusualHead(window: Window, stream: Stream, result: number): Progress {
  const { state, out } = stream;
  const length = window.length;
  if (result > maxHeadBytes || (result === incomplete && length > maxHeadBytes)) {
    state.headStart = 0;
    scanHead(window, stream, maxHeadBytes);
    out.message.malformed = true;
    reportPartial(window, stream, maxHeadBytes);
    window.consume(maxHeadBytes);
    state.next();
    return Step.Next;
  }
  if (result === incomplete) {
    const lineDone = head.lineStart > window.start + state.headStart;
    state.scanned = lineDone ? length : 0;
    return length + 1;
  }
  if (isSimpleAnswer(stream)) return keepToClose(window, stream, 0, false);
  // Bytes sent ahead of the answer to CONNECT or Upgrade belong to the protocol that follows.
  const switching = state.lastNote === Note.Connect || state.lastNote === Note.Upgrade;
  if (stream.side === 'client' && switching && out.oldestNote() === state.lastNote) {
    if (length < maxHeadBytes) return length + 1;
  }
  return Step.Lost;
}

/** A body whose end is not known from the head, or that may be read while it comes. 0: neither. */
function openBody(window: Window, stream: Stream, headEnd: number, body: number): Progress {
  const { state } = stream;
  if (body === Body.Undecided) {
    state.scanned = 0;
    return window.length + 1;
  }
  if (body !== 0 && isStreamed(stream.out.message)) {
    const progress = beginStream(window, stream, headEnd, body);
    if (progress !== 0) return progress;
  }
  if (body >= 0) return 0;
  if (body === Body.ToClose) return keepToClose(window, stream, headEnd, true);
  state.headEnd = headEnd;
  state.place.reset(headEnd);
  return keepChunks(window, stream, true);
}

/** A body of known length above the limit: its beginning is kept as soon as it is here. */
function cutBody(window: Window, stream: Stream, headEnd: number, total: number): Progress {
  const { state, out } = stream;
  const kept = headEnd + out.bodyLimit;
  if (window.length < kept) {
    state.scanned = 0;
    return kept;
  }
  if (stream.side === 'client') {
    const { bytes, start } = window;
    refineRequest(out.message, bytes, start, bytes, start + headEnd, start + kept, head.isConnect);
    state.lastNote = out.message.note;
  }
  beginCut(window, stream, kept);
  state.mode = Mode.SkipLength;
  state.size = total;
  state.remaining = total - kept;
  return Step.Next;
}
