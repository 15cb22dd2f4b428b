/** Decoded values → the sections of the details pane. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';

const redacted = '[REDACTED]';
/** Arguments that are shown in the table; all are in the command as typed, as far as that goes. */
const maxRows = 500;
/** Texts from here on are bodies rather than rows of a table. */
const longText = 120;

export function describe(decoded: DecodedExchange): Description {
  return {
    request: decoded.request === undefined ? [] : describeRequest(decoded.request),
    response: decoded.response === undefined ? [] : describeResponse(decoded.response),
  };
}

function describeRequest(request: ValueMap): Section[] {
  const { type, command, key, keys, keyword, group, typed, queued } = request;
  const list = Array.isArray(request['arguments']) ? request['arguments'] : [];
  const count = Array.isArray(keys) ? keys.length : 0;
  const sections: Section[] = [
    minor('Details', [
      ...row('Type', type, 'request.type'),
      ...row('Command', command, 'request.command'),
      ...row(count === 0 ? 'Argument' : 'Key', key, 'request.key'),
      ...(count > 1 ? row('Keys', count, 'request.keys') : []),
      ...row('Keyword', keyword, 'request.keyword'),
      ...row('Group', group, 'request.group'),
    ]),
    body('Command', String(typed), 'request.typed', request['cut'] === true, 'text/plain'),
    table('Arguments', argumentRows(list, keys)),
  ];
  const value = String(request['value'] ?? '');
  const isScript = /^EVAL(_RO)?$/.test(String(command));
  if (isScript) {
    sections.push(body('Script', String(list[0]), 'request.arguments[0]', false, 'text/x-lua'));
  } else if (value.length > longText || isJson(value)) {
    sections.push(body('Value', value, 'request.value', request['cut'] === true));
  }
  if (Array.isArray(queued)) {
    sections.push({
      kind: 'grid',
      title: 'Queued Commands',
      columns: ['#', 'Command'],
      rows: queued.slice(0, maxRows).map((each, i) => [i, String(each)]),
      paths: queued.slice(0, maxRows).map((_, i) => `request.queued[${i}]`),
    });
  }
  return sections.filter(hasContent);
}

function argumentRows(list: readonly Value[], keys: Value): DetailRow[] {
  const names = new Set(Array.isArray(keys) ? keys : []);
  return list.slice(0, maxRows).map((value, i) => {
    const text = String(value);
    const shown = text.length > 4 * longText ? `${text.slice(0, 4 * longText)}...` : text;
    const path = `request.arguments[${i}]`;
    const note = names.has(value) && { note: 'key' };
    const name = String(i + 1);
    return { name, value: shown, path, ...(text === redacted ? { remark: 'redacted' } : note) };
  });
}

function describeResponse(response: ValueMap): Section[] {
  const { type, command, key, pattern, keyword, error, errorClass, slot, address, count } =
    response;
  const { value, reply, results, attributes, format } = response;
  const cut = response['cut'] === true;
  const sections: Section[] = [
    (error === undefined ? minor : table)('Details', [
      ...row('Type', type, 'response.type'),
      ...row('Command', command, 'response.command'),
      ...row(command === undefined ? 'Key' : 'Channel', key, 'response.key'),
      ...row('Pattern', pattern, 'response.pattern'),
      ...row('Keyword', keyword, 'response.keyword'),
      ...row('Error', error, 'response.error'),
      ...row('Error Class', errorClass, 'response.errorClass'),
      ...row('Slot', slot, 'response.slot'),
      ...row('Address', address, 'response.address'),
      ...row('Elements', count, 'response.count'),
      ...row('Format', format, 'response.format'),
    ]),
  ];
  if (Array.isArray(results)) sections.push(resultsGrid(results));
  if (typeof reply === 'object' && reply !== null) {
    sections.push({
      kind: 'tree',
      title: 'Reply',
      value: reply,
      path: 'response.reply',
      ...(cut && { remark: 'cut: only the beginning was kept' }),
    });
  }
  const isMessage = typeof command === 'string' && value !== undefined;
  if (error === undefined && keyword === undefined && (isMessage || typeof reply !== 'object')) {
    sections.push(body('Value', String(value ?? ''), 'response.value', cut));
  }
  if (attributes !== undefined) {
    sections.push({
      kind: 'tree',
      title: 'Attributes',
      value: attributes,
      path: 'response.attributes',
    });
  }
  return sections.filter(hasContent);
}

function resultsGrid(results: readonly Value[]): Section {
  const shown = results.slice(0, maxRows) as ValueMap[];
  return {
    kind: 'grid',
    title: 'Transaction',
    columns: ['#', 'Command', 'Result'],
    rows: shown.map(({ typed, reply }, i) => [i, String(typed), oneLine(reply)]),
    paths: shown.map((_, i) => `response.results[${i}].reply`),
    ...(results.length > maxRows && { remark: `${maxRows} of ${results.length} shown` }),
  };
}

function oneLine(value: Value): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function table(title: string, rows: readonly DetailRow[]): Section {
  return { kind: 'table', title, rows };
}

/** What the row says already. */
function minor(title: string, rows: readonly DetailRow[]): Section {
  return { kind: 'table', title, rows, minor: true };
}

function hasContent(section: Section): boolean {
  if (section.kind === 'table') return section.rows.length > 0;
  return section.kind !== 'body' || section.content !== '';
}

function row(name: string, value: Value, path: string): DetailRow[] {
  if (value === undefined || value === null || value === '') return [];
  const shown = typeof value === 'object' ? JSON.stringify(value) : value;
  return [{ name, value: shown, path, ...(shown === redacted && { remark: 'redacted' }) }];
}

function isJson(text: string): boolean {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function body(
  title: string,
  text: string,
  path: string,
  cut: boolean,
  mediaType?: string,
): Section {
  return {
    kind: 'body',
    title,
    mediaType: mediaType ?? (isJson(text) ? 'application/json' : 'text/plain'),
    encoding: 'text',
    content: text,
    size: Buffer.byteLength(text),
    cut,
    path,
  };
}
