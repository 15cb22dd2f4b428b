/** Kept bytes of an exchange → the values that queries and the details pane see. */
import type { DecodedExchange, Payload, Value, ValueMap } from '../../dissect/contract.ts';
import { Incomplete } from '../../dissect/contract.ts';
import { Special } from './commands.ts';
import { type ReadCommand, readCommand, readRequests, requestMap } from './decode-request.ts';
import { textOf } from './decode-text.ts';
import { mapOf, type Node, ValueReader } from './decode-value.ts';
import { errorOf } from './errors.ts';
import { furtherCommands } from './queue.ts';

/** Values that answer one request: confirmations of subscriptions. */
const maxAnswers = 65_536;
/** Of a list that is shown in one line. */
const maxJoinedLength = 4096;
/** Commands whose flat lists are names and values. */
const mapCommands: ReadonlySet<string> = new Set([
  'HGETALL',
  'CONFIG GET',
  'SENTINEL CONFIG',
  'SENTINEL MASTER',
  'HELLO',
  'XINFO STREAM',
  'MEMORY STATS',
  'PUBSUB NUMSUB',
  'PUBSUB SHARDNUMSUB',
]);
const pushNames: ReadonlySet<string> = new Set([
  'message',
  'pmessage',
  'smessage',
  'invalidate',
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
]);

/** See `Protocol.decode`. */
export function decode(payload: Payload): DecodedExchange {
  const requests = payload.request === undefined ? [] : readRequests(payload.request);
  const last = requests.at(-1);
  const queued = requests.slice(0, -1).map(readCommand);
  const command = last === undefined ? undefined : readCommand(last);
  const request = last === undefined ? undefined : requestMap(last, queued);
  if (payload.response === undefined) return { request, response: undefined };
  return { request, response: responseMap(payload, payload.response, command, queued) };
}

function responseMap(
  payload: Payload,
  bytes: Uint8Array,
  command: ReadCommand | undefined,
  queued: readonly ReadCommand[],
): ValueMap {
  const reader = new ValueReader(bytes);
  const nodes: Node[] = [];
  const first = reader.read();
  if (first !== undefined) nodes.push(first);
  while (reader.more && first !== undefined && nodes.length < maxAnswers) {
    const node = reader.read();
    if (node !== undefined) nodes.push(node);
  }
  const cut = (payload.incomplete & (Incomplete.ResponseCut | Incomplete.ResponseHole)) !== 0;
  const state = { ...((reader.cut || cut) && { cut: true }) };
  if (command?.command?.special === Special.Sync && bytes[0] === 0x24) {
    // `$1234`, or `$EOF:` and a mark: a copy of all data; it and what follows are counted, not kept.
    const head = textOf(bytes.subarray(0, Math.max(0, bytes.indexOf(13))));
    return { type: 'Bulk String', value: `RDB ${head}`, ...state };
  }
  if (first === undefined) return { type: '', ...state };
  if (command === undefined && payload.request === undefined) {
    const pushed = pushMap(first);
    if (pushed !== undefined) return { ...pushed, ...state };
  }
  return {
    type: first.type,
    ...valueFields(nodes, command),
    ...(queued.length > 0 && { results: results(first, queued) }),
    ...(first.attributes !== undefined && { attributes: first.attributes }),
    ...state,
  };
}

function valueFields(nodes: readonly Node[], command: ReadCommand | undefined): ValueMap {
  const first = nodes[0]!;
  if (first.type === 'Error' || first.type === 'Bulk Error') return errorFields(first);
  if (nodes.length > 1) {
    const reply = nodes.map((node) => node.value);
    return { value: joined(reply), reply, count: nodes.length };
  }
  const { value, items, count, bytes, format } = first;
  if (items !== undefined) {
    const pairs = first.type === 'Array' && mapCommands.has(command?.name ?? '');
    const reply = pairs && items.length % 2 === 0 ? mapOf(items) : value;
    return { value: joined(value), reply, count: count! };
  }
  const text = bytes === undefined ? '' : textOf(bytes);
  // No list of results, no error: a watched key had changed.
  const isAborted = value === null && command?.name === 'EXEC';
  return {
    value: text,
    ...(first.type === 'Simple String' && { keyword: text }),
    ...(isAborted && { keyword: 'ABORTED' }),
    reply: value,
    ...(format !== undefined && { format }),
  };
}

function errorFields({ bytes, value }: Node): ValueMap {
  const { message, code, errorClass, slot, address } = errorOf(bytes ? textOf(bytes) : '');
  return {
    value: message,
    keyword: code,
    error: message,
    errorCode: code,
    errorClass,
    ...(slot !== undefined && { slot }),
    ...(address !== undefined && { address }),
    reply: value,
  };
}

/** `[a, b]`, as the original has it. */
function joined(value: Value): string {
  const texts = Array.isArray(value)
    ? value
    : value === null
      ? []
      : Object.entries(value as object);
  let text = '';
  for (const each of texts.flat() as Value[]) {
    text += `${text === '' ? '' : ', '}${typeof each === 'object' ? JSON.stringify(each) : each}`;
    if (text.length > maxJoinedLength) return `[${text.slice(0, maxJoinedLength)}...`;
  }
  return `[${text}]`;
}

/**
 * The commands of a transaction with what each gave. When there are not as many results as commands, it
 * is not known which belong together: one was refused, or was sent before the transaction was seen.
 */
function results(answer: Node, queued: readonly ReadCommand[]): Value[] {
  const { items, count } = answer;
  const isCut = queued.at(-1)?.name === furtherCommands;
  const known = isCut ? queued.slice(0, -1) : queued;
  if (items === undefined) return known.map(({ name, typed }) => ({ command: name, typed }));
  const fits = isCut ? count! > known.length : count === known.length;
  const length = fits ? Math.max(known.length, items.length) : items.length;
  return Array.from({ length }, (_, i) => {
    const { name = '', typed = '' } = (fits ? known[i] : undefined) ?? {};
    return { command: name, typed, reply: items[i]?.value ?? null };
  });
}

/** What a server says unasked; undefined when it is an answer whose request is missing. */
function pushMap(node: Node): ValueMap | undefined {
  const items = node.items ?? [];
  const name = items[0]?.bytes === undefined ? '' : textOf(items[0].bytes);
  if (node.type === 'Push' || (node.type === 'Array' && pushNames.has(name))) {
    const reply = node.value;
    if (name === 'invalidate') {
      const keys = items[1]?.items?.map(({ value }) => value) ?? [];
      return { type: 'Push', command: 'INVALIDATE', key: keys[0] ?? '', keys, reply };
    }
    const isPattern = name === 'pmessage';
    const [, one, two, three] = items.map(({ value }) => value);
    const payload = isPattern ? three : two;
    return {
      type: 'Push',
      command: name.toUpperCase(),
      key: (isPattern ? two : one) ?? '',
      ...(isPattern && { pattern: one }),
      value: Array.isArray(payload) ? joined(payload) : String(payload ?? ''),
      reply,
    };
  }
  const line = node.type === 'Simple String' ? String(node.value) : '';
  const monitored = /^(\d+\.\d+) \[(\d+) (\S+)\] (.*)$/s.exec(line);
  if (monitored === null) return undefined;
  const [, time, database, client, typed] = monitored;
  return {
    type: 'Push',
    command: 'MONITOR',
    key: '',
    value: typed!,
    reply: { time: Number(time), database: Number(database), client: client!, command: typed! },
  };
}
