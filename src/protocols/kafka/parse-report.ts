/** A message in the window → a report with the texts of its row. */
import type { Message, ParserStream, Window } from '../../dissect/contract.ts';
import { AnnexWriter } from './parse-annex.ts';
import {
  apiVersionsKey,
  clientIdEnd,
  int16At,
  int32At,
  requestHeaderBytes,
  responseHeaderBytes,
} from './parse-header.ts';
import { requestPlan, responsePlan } from './parse-plan.ts';
import { skimProduce, skimProduced } from './parse-produce.ts';
import { hasSecrets, redactMessage } from './parse-redact.ts';
import { noteHandshake, saslAuthenticateKey, saslHandshakeKey, setUser } from './parse-sasl.ts';
import { Ending, seen, skim } from './parse-skim.ts';
import type { KafkaState } from './parse-state.ts';
import {
  isMarkedById,
  learnSession,
  markedTopics,
  setFetchTarget,
  setTarget,
} from './parse-target.ts';
import { apiOf } from './schema.ts';

export type Stream = ParserStream<KafkaState>;

const produceKey = 0;
const fetchKey = 1;
const shareFetchKey = 78;
/** Of the empty fetches of a connection the first gets a row, and then every so many. */
const foldedPerRow = 100;
/** Error code of an answer to ApiVersions in a version that the broker does not know. */
export const unsupportedVersion = 35;

const annex = new AnnexWriter();

/** API and version as a number that is never 0: what the parser of the answer asks for. */
function noteFor(key: number, version: number): number {
  return key * 256 + version + 1;
}

export function keyOfNote(note: number): number {
  return (note - 1) >> 8;
}

export function versionOfNote(note: number): number {
  return (note - 1) & 0xff;
}

function isFetch(key: number): boolean {
  return key === fetchKey || key === shareFetchKey;
}

/** The walk ended where the message does not. */
function isMalformed(): boolean {
  return seen.ending !== Ending.Exact && seen.ending !== Ending.Unread;
}

/** `[0, kept)` of the window holds a request, or its beginning; `total` is its length. */
export function fillRequest(window: Window, stream: Stream, kept: number, total: number): void {
  const { out, state } = stream;
  const { message } = out;
  const { bytes, start } = window;
  const key = int16At(bytes, start + 4);
  const version = int16At(bytes, start + 6);
  const isWhole = kept === total;
  message.reset();
  message.to = kept;
  message.size = total;
  message.key = int32At(bytes, start + 8);
  message.version = version;
  message.note = noteFor(key, version);
  const api = apiOf(key);
  if (api !== undefined) message.methodText = api.rowText;
  else message.text(message.method, `API ${key}`);
  const idEnd = clientIdEnd(bytes, start);
  const plan = requestPlan(key, version);
  if (plan === undefined || idEnd > start + kept) seen.reset();
  else {
    const isRead =
      key === produceKey && isWhole && skimProduce(bytes, idEnd, start + kept, version);
    if (!isRead) skim(plan, bytes, idEnd, start + kept, false);
    if (isWhole) message.malformed = isMalformed();
  }
  message.oneWay = key === produceKey && seen.acks === 0;
  message.quiet = isFetch(key) && isWhole;
  if (key === saslHandshakeKey) noteHandshake(window, state, version);
  if (key === saslAuthenticateKey) setUser(window, message, state);
  else if (key === fetchKey) setFetchTarget(window, stream, Math.min(idEnd, start + kept));
  else setTarget(window, stream, Math.min(idEnd, start + kept));
  if (out.redacting && hasSecrets(key)) hideSecrets(window, message, idEnd - start, key, isWhole);
  else addAnnex(window, message, 0);
}

/** `[0, kept)` holds an answer, or its beginning, to the request with this note; 0: it is unknown. */
export function fillResponse(
  window: Window,
  stream: Stream,
  kept: number,
  total: number,
  note: number,
): void {
  const { out, state, peer } = stream;
  const { message } = out;
  const { bytes, start } = window;
  message.reset();
  message.to = kept;
  message.size = total;
  message.key = int32At(bytes, start + 4);
  if (note === 0) return;
  const key = keyOfNote(note);
  message.version = versionOfNote(note);
  const body = start + responseHeaderBytes;
  const isRead =
    key === produceKey &&
    kept === total &&
    skimProduced(bytes, body, start + kept, message.version);
  if (!isRead) skimResponse(bytes, start, kept, note, true);
  if (kept === total) message.malformed = isMalformed();
  message.status = seen.error;
  message.failed = seen.error !== 0;
  if (isFetch(key)) {
    learnSession(window, peer);
    addAnnex(window, message, foldedBefore(message, state));
  } else if (out.redacting && hasSecrets(key)) {
    hideSecrets(window, message, responseHeaderBytes, key, kept === total);
  } else if (key !== produceKey) addAnnex(window, message, 0);
}

/** Fills `seen` from an answer of which `kept` bytes are in the window. */
export function skimResponse(
  bytes: Uint8Array,
  start: number,
  kept: number,
  note: number,
  learning: boolean,
): void {
  const key = keyOfNote(note);
  const plan = responsePlan(key, versionOfNote(note));
  const from = start + responseHeaderBytes;
  if (plan === undefined) {
    seen.reset();
    return;
  }
  // A broker that does not know the version of ApiVersions answers in version 0.
  const isRefusal =
    key === apiVersionsKey &&
    kept >= responseHeaderBytes + 2 &&
    int16At(bytes, from) === unsupportedVersion;
  skim(isRefusal ? responsePlan(key, 0)! : plan, bytes, from, start + kept, learning);
}

/** How many empty fetches got no row before this answer; folds it when it is one of them. */
function foldedBefore(message: Message, state: KafkaState): number {
  const isEmpty = seen.ending === Ending.Exact && seen.recordBytes === 0 && seen.error === 0;
  const folded = state.foldedFetches;
  if (isEmpty && folded >= 0 && folded < foldedPerRow - 1) {
    state.foldedFetches++;
    message.fold = true;
    return 0;
  }
  if (isEmpty || folded > 0) state.foldedFetches = 0;
  return Math.max(folded, 0);
}

/**
 * Puts what the message does not say itself behind what is kept of it. An answer of Produce names only
 * topics of its request, which has them.
 */
function addAnnex(window: Window, message: Message, folded: number): void {
  const marked = message.fold ? 0 : markedTopics();
  let begun = false;
  for (let i = 0; i < marked; i++) {
    if (!isMarkedById(i)) continue;
    if (!begun) annex.begin(window.view(message.from, message.to));
    begun = true;
    annex.topic(window.bytes, seen.topicSpans[i * 2]!);
  }
  if (folded > 0) {
    if (!begun) annex.begin(window.view(message.from, message.to));
    begun = true;
    annex.folded(folded);
  }
  if (!begun) return;
  annex.end(message);
}

/** What is kept of a message with secrets has none. `header`: length of its header. */
function hideSecrets(
  window: Window,
  message: Message,
  header: number,
  key: number,
  isWhole: boolean,
): void {
  if (!isWhole) {
    message.to = Math.min(message.to, header);
    message.cut = true;
    return;
  }
  const isRequest = header >= requestHeaderBytes;
  const clean = redactMessage(window.view(0, message.to), header, key, message.version, isRequest);
  if (clean === undefined) return;
  message.source = clean;
  message.to = clean.length;
  message.redact(0, 0);
}
