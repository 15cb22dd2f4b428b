/** The files of a new protocol: one that works, on lines of text. */

export interface NewProtocol {
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly code: number;
}

/** File name → content. */
export function protocolFiles(protocol: NewProtocol): Readonly<Record<string, string>> {
  return {
    'index.ts': index(protocol),
    'parse.ts': parse(protocol),
    'decode.ts': decode(protocol),
    [`${protocol.name}.test.ts`]: test(protocol),
  };
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

const index = ({ name, title, label, code }: NewProtocol): string => `/**
 * ${title}: bytes of a connection → messages (\`parse.ts\`), kept messages → values and the details pane
 * (\`decode.ts\`).
 */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import type { decode, describe } from './decode.ts';
import { end, hole, inMessage, newState, parse, recognise, resync, resyncTail } from './parse.ts';

const require = createRequire(import.meta.url);

/** What queries may name; the page completes and explains it. */
const fields: readonly FieldDeclaration[] = [
  { path: 'request.command', type: 'text', help: 'First word of the request', column: 'method' },
  { path: 'request.text', type: 'text', help: 'The request' },
  { path: 'response.text', type: 'text', help: 'The answer' },
];

export const ${camel(name)}Protocol: Protocol = {
  code: ${code},
  id: '${name}',
  title: '${title}',
  label: '${label}',
  colour: '#5b5b8c',
  textColour: '#ffffff',
  specification: '',
  ports: [],
  pairing: 'order',
  versionText: String,
  parser: { recognise, newState, parse, hole, resync, resyncTail, end, inMessage },
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./decode.ts').describe),
  fields,
  macros: { '${name}': 'protocol.name == "${name}"' },
};
`;

const parse = ({
  name,
  label,
}: NewProtocol): string => `/** Bytes → messages, for every byte that is captured: no object and no text for each message. */
import {
  type ParserStream,
  type Progress,
  type Side,
  Step,
  Verdict,
  type Window,
} from '../../dissect/contract.ts';

/** What each side remembers between two calls. */
export interface State {
  messages: number;
}

type Stream = ParserStream<State>;

const newline = 10;
const space = 32;
/** Longest message; what has no end by then is none. */
const maxMessageBytes = 64 << 10;
/** TODO: what only this protocol begins with. Here: requests begin with this word, answers with OK. */
const beginnings = { client: '${label} ', server: 'OK' } as const;

/** Be strict: bytes of any other protocol must not be taken for this one. */
export function recognise(window: Window, side: Side): number {
  const wanted = beginnings[side];
  const there = Math.min(window.length, wanted.length);
  for (let i = 0; i < there; i++) {
    if (window.u8(i) !== wanted.charCodeAt(i)) return Verdict.No;
  }
  return there < wanted.length ? wanted.length : Verdict.Yes;
}

export function newState(): State {
  return { messages: 0 };
}

/** Consumes one message and says \`Step.Next\`, or how many bytes it needs. */
export function parse(window: Window, { out, side, state }: Stream): Progress {
  const end = window.indexOf(newline, 0);
  if (end < 0) return window.length < maxMessageBytes ? window.length + 1 : Step.Lost;
  const { message } = out;
  message.reset();
  message.to = end + 1;
  if (side === 'client') {
    const wordEnd = window.indexOf(space, 0);
    message.method.from = 0;
    message.method.to = wordEnd < 0 || wordEnd > end ? end : wordEnd;
    message.target.from = Math.min(message.method.to + 1, end);
    message.target.to = end;
  }
  out.whole();
  state.messages++;
  window.consume(end + 1);
  return Step.Next;
}

/** Nothing is known of lost bytes: the next line is looked for. */
export function hole(): boolean {
  return false;
}

export const resyncTail = 0;

/** Behind the next end of a line a message may begin. */
export function resync(window: Window): number {
  const at = window.indexOf(newline, 0);
  return at < 0 || at + 1 >= window.length ? -1 : at + 1;
}

/** The side has ended with these bytes. */
export function end(window: Window, { out }: Stream): void {
  if (window.length === 0) return;
  const { message } = out;
  message.reset();
  message.to = window.length;
  message.unfinished = true;
  out.whole();
}

export function inMessage(window: Window): boolean {
  return window.length > 0;
}
// TODO (${name}): write down the layout of a message above the code that reads it.
`;

const decode = ({
  title,
}: NewProtocol): string => `/** What was kept of an exchange → values that queries see, and what the details pane shows of them. */
import type { DecodedExchange, Description, Payload, ValueMap } from '../../dissect/contract.ts';

const utf8 = new TextDecoder();

/** Runs when somebody looks, filters or exports. Never throws. */
export function decode({ request, response }: Payload): DecodedExchange {
  return {
    request: request && { ...lineOf(request), command: utf8.decode(request).split(/\\s/, 1)[0] },
    response: response && lineOf(response),
  };
}

function lineOf(bytes: Uint8Array): ValueMap {
  return { text: utf8.decode(bytes).trimEnd() };
}

export function describe({ request, response }: DecodedExchange): Description {
  return { request: sectionsOf(request, 'request'), response: sectionsOf(response, 'response') };
}

function sectionsOf(side: ValueMap | undefined, name: string): Description['request'] {
  if (side === undefined) return [];
  const row = { name: 'Text', value: String(side['text']), path: \`\${name}.text\` };
  return [{ kind: 'table', title: '${title}', rows: [row] }];
}
`;

const test = ({ name, label }: NewProtocol): string => `import { expect, test } from 'vitest';
import { byteByByte, client, entriesOf, server, timeless } from '../test-bench.ts';
import { ${camel(name)}Protocol } from './index.ts';

const talk = [client('${label} get 1\\n'), server('OK one\\n'), client('${label} get 2\\n'), server('OK two\\n')];

test('requests and answers are paired, however their bytes come', () => {
  const entries = entriesOf([${camel(name)}Protocol], talk);
  expect(entries.map(({ target, response }) => [target, response?.['text']])).toEqual([
    ['get 1', 'OK one'],
    ['get 2', 'OK two'],
  ]);
  const inPieces = entriesOf([${camel(name)}Protocol], byteByByte(talk));
  expect(inPieces.map(timeless)).toEqual(entries.map(timeless));
});
`;
