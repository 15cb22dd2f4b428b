/** A kept exchange → the `request` and `response` of its entry, by the names of the original. */
import {
  type DecodedExchange,
  Incomplete,
  type Payload,
  type Value,
  type ValueMap,
} from '../../dissect/contract.ts';
import { type Annex, readAnnex } from './decode-annex.ts';
import { embedded } from './decode-embedded.ts';
import { errorName, type FieldContext, readLayout } from './decode-fields.ts';
import { Reader } from './decode-reader.ts';
import { RecordBudget, readRecords } from './decode-records.ts';
import { hasFlexibleResponseHeader } from './parse-plan.ts';
import { apiOf, isFlexible, type Layout, requestLayout, responseLayout } from './schema.ts';

const produceKey = 0;
const controlledShutdownKey = 7;
const apiVersionsKey = 18;
const saslAuthenticateKey = 36;
/** API version by which the parser marks a token that had no header. */
const bareToken = -1;
const unsupportedVersion = 35;

/** API and version of a request, by which its answer is read. */
interface Call {
  readonly key: number;
  readonly version: number;
}

const requestFlaws = Incomplete.RequestHole | Incomplete.RequestCut | Incomplete.RequestUnfinished;
const responseFlaws =
  Incomplete.ResponseHole | Incomplete.ResponseCut | Incomplete.ResponseUnfinished;

export function decode(payload: Payload): DecodedExchange {
  const { request, response, incomplete, requestSize, responseSize } = payload;
  const call = request === undefined ? undefined : callOf(request);
  const asked = request && readAnnex(request);
  const told = response && readAnnex(response);
  const topics = new Map([...(asked?.topics ?? []), ...(told?.topics ?? [])]);
  return {
    request:
      asked &&
      decodeRequest(
        { ...asked, topics },
        requestSize ?? asked.message.length,
        (incomplete & requestFlaws) !== 0,
      ),
    response:
      told &&
      decodeResponse(
        { ...told, topics },
        responseSize ?? told.message.length,
        (incomplete & responseFlaws) !== 0,
        call,
      ),
  };
}

function callOf(request: Uint8Array): Call {
  const reader = new Reader(request, 4);
  return { key: reader.int16(), version: reader.int16() };
}

function decodeRequest(annex: Annex, size: number, isPartial: boolean): ValueMap {
  const reader = new Reader(annex.message, 4);
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationID = reader.int32();
  const hasClientId = apiKey !== controlledShutdownKey || apiVersion > 0;
  const clientLength = hasClientId ? reader.int16() : -1;
  const clientID = clientLength < 0 ? null : reader.text(clientLength);
  const isBare = apiKey === saslAuthenticateKey && apiVersion === bareToken;
  const layout = requestLayout(apiKey, isBare ? 0 : apiVersion);
  const isTagged = !isBare && isFlexible(apiKey, apiVersion);
  const body = decodeBody(reader, layout, isTagged, annex, isPartial);
  if (apiKey === produceKey) nestPartitionData(body.payload);
  return {
    apiKeyName: apiOf(apiKey)?.name ?? `API ${apiKey}`,
    apiKey,
    apiVersion,
    correlationID,
    clientID,
    size: size - 4,
    ...(isBare && { bareToken: true }),
    ...body,
  };
}

function decodeResponse(
  annex: Annex,
  size: number,
  isPartial: boolean,
  call: Call | undefined,
): ValueMap {
  const reader = new Reader(annex.message, 4);
  const correlationID = reader.int32();
  const head = { correlationID, size: size - 4 };
  if (call === undefined) {
    const problem = 'its request was not seen: an answer alone does not say what it answers';
    return { ...head, problems: [problem] };
  }
  const { key } = call;
  const isRefusal =
    key === apiVersionsKey && new Reader(annex.message, 8).int16() === unsupportedVersion;
  const version = isRefusal || call.version === bareToken ? 0 : call.version;
  const layout = responseLayout(key, version);
  const body = decodeBody(
    reader,
    layout,
    hasFlexibleResponseHeader(key, version),
    annex,
    isPartial,
  );
  const error = firstError(body.payload, 0);
  return {
    ...head,
    ...(error !== 0 && { errorCode: error, errorName: errorName(error) }),
    ...(annex.folded > 0 && { emptyFetchesBefore: annex.folded }),
    ...body,
  };
}

interface Body {
  readonly payload: ValueMap | undefined;
  readonly problems?: string[];
}

function decodeBody(
  reader: Reader,
  layout: Layout | undefined,
  hasTags: boolean,
  annex: Annex,
  isPartial: boolean,
): Body {
  const problems: string[] = [];
  const context = contextFor(annex);
  if (layout === undefined) {
    const rest = Buffer.from(reader.view(reader.left)).toString('base64');
    const problem = 'this version is newer than the definitions: the body is shown as base64';
    return { payload: { body: rest }, problems: [problem] };
  }
  let payload: ValueMap = {};
  if (hasTags) {
    const tags = readLayout(reader, { fields: [], flexible: true, tagged: [] }, context);
    if (tags['unknownTags'] !== undefined) payload = { headerTags: tags['unknownTags'] };
  }
  payload = { ...payload, ...readLayout(reader, layout, context) };
  if (reader.ended && !isPartial) problems.push('the message ends before its last field');
  else if (reader.left > 0) problems.push(`${reader.left} bytes behind the last field`);
  return { payload, ...(problems.length > 0 && { problems }) };
}

function contextFor(annex: Annex): FieldContext {
  const budget = new RecordBudget();
  return {
    topics: annex.topics,
    records: (bytes) => readRecords(bytes, budget),
    bytes: embedded,
  };
}

/** Records of a Produce request are under the names that queries know: `partitionData.records`. */
function nestPartitionData(payload: ValueMap | undefined): void {
  const topics = payload?.['topicData'];
  if (!Array.isArray(topics)) return;
  for (const topic of topics) {
    const partitions = isMap(topic) ? topic['partitions'] : undefined;
    if (!Array.isArray(partitions)) continue;
    for (const partition of partitions) {
      if (!isMap(partition)) continue;
      const { records } = partition;
      delete partition['records'];
      partition['partitionData'] = { records };
    }
  }
}

/** Deepest structure of the definitions, with room. */
const maxDepth = 12;

/** The first error code that is not 0, in the order of the wire: what the row shows. */
function firstError(value: Value, depth: number): number {
  if (depth > maxDepth || typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) {
    for (const element of value) {
      const error = firstError(element, depth + 1);
      if (error !== 0) return error;
    }
    return 0;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === 'recordBatch') continue;
    const isCode = typeof member === 'number' && /errorCode$/i.test(name);
    const error = isCode ? member : firstError(member, depth + 1);
    if (error !== 0) return error;
  }
  return 0;
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
