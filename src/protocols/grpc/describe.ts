/** The details pane of calls and their messages: what was asked and answered first, then HTTP below. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import { describe as describeHttp2 } from '../http2/describe.ts';

export function describe(decoded: DecodedExchange): Description {
  const { request, response } = decoded;
  if (request?.['method'] === 'message' || response?.['method'] === 'message') {
    return {
      request: request === undefined ? [] : messageSections(request, 'request'),
      response: response === undefined ? [] : messageSections(response, 'response'),
    };
  }
  const below = describeHttp2(decoded);
  return {
    request:
      request === undefined ? [] : [...callSections(request, 'request'), ...http(below.request)],
    response:
      response === undefined
        ? []
        : [...callSections(response, 'response'), ...http(below.response)],
  };
}

/** Bodies are shown as messages already. */
function http(sections: readonly Section[]): Section[] {
  return sections
    .filter(({ kind, title }) => kind !== 'body' && title !== 'Path Segments')
    .map((section) => (section.title === 'Details' ? { ...section, title: 'HTTP' } : section));
}

const callRows: readonly (readonly [key: string, name: string])[] = [
  ['service', 'Service'],
  ['rpc', 'Method'],
  ['status', 'Status'],
  ['statusText', 'Status Name'],
  ['error', 'Error'],
  ['timeoutMs', 'Timeout (ms)'],
  ['encoding', 'Compression'],
];
const messageRows: readonly (readonly [key: string, name: string])[] = [
  ['service', 'Service'],
  ['rpc', 'Method'],
  ['type', 'Type'],
  ['index', 'Number in Stream'],
  ['size', 'Size (bytes)'],
  ['compressed', 'Compressed'],
  ['encoding', 'Compression'],
];

function rowsOf(
  side: ValueMap,
  name: string,
  wanted: readonly (readonly [string, string])[],
): DetailRow[] {
  return wanted.flatMap(([key, title]): DetailRow[] => {
    const value = side[key];
    if (value === undefined || value === null || value === '' || typeof value === 'object')
      return [];
    const path = `${name}.${key}`;
    const isDerived = key === 'statusText' && side['statusDerived'] === true;
    return [{ name: title, value, path, ...(isDerived && { remark: derivedRemark }) }];
  });
}

/** A status that no peer has said: see `statusOfReset`. */
const derivedRemark = 'derived from how the stream ended';

function problemRows(problems: Value, path: string): DetailRow[] {
  if (!Array.isArray(problems)) return [];
  return problems.map((problem, i) => ({
    name: 'Problem',
    value: String(problem),
    path: `${path}[${i}]`,
    remark: 'malformed',
  }));
}

function messageSections(side: ValueMap, name: string): Section[] {
  const rows = [
    ...rowsOf(side, name, messageRows),
    ...problemRows(side['problems'], `${name}.problems`),
  ];
  return [
    { kind: 'table', title: 'Message', rows },
    tree('Content', side['message'], `${name}.message`, typeof side['type'] !== 'string'),
  ];
}

function isNumbered(value: Value): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => /^\d+$/.test(name));
}

/** A message; one whose type is not known has numbers in the place of names. */
function tree(title: string, value: Value, path: string, isUntyped: boolean): Section {
  const remark = 'without its type: fields by number, values guessed';
  const lacks = isUntyped && isNumbered(value) && ({ remark, lacksSchema: true } as const);
  return { kind: 'tree', title, value, path, ...lacks };
}

function callSections(side: ValueMap, name: string): Section[] {
  const rows = [
    ...rowsOf(side, name, callRows),
    ...problemRows(side['messageProblems'], `${name}.messageProblems`),
  ];
  const sections: Section[] = [{ kind: 'table', title: 'Call', rows }];
  const { messages, details, metadata } = side;
  if (Array.isArray(details))
    sections.push(tree('Details of the Error', details, `${name}.details`, false));
  if (Array.isArray(messages)) {
    for (const [i, message] of messages.entries()) {
      const title = messages.length === 1 ? 'Message' : `Message ${i + 1}`;
      sections.push(tree(title, message, `${name}.messages[${i}]`, true));
    }
  }
  sections.push({ kind: 'table', title: 'Metadata', rows: metadataRows(metadata, name) });
  return sections.filter((section) => section.kind !== 'table' || section.rows.length > 0);
}

function metadataRows(metadata: Value, name: string): DetailRow[] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return [];
  return Object.entries(metadata).map(([key, value]) => ({
    name: key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    path: `${name}.metadata[${JSON.stringify(key)}]`,
  }));
}
