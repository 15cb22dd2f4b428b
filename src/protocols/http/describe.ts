/** Decoded values → the tables and bodies of the details pane, titled as in the original. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import { mediaTypeOf } from './decode-text.ts';

/** What the driver writes over a secret. */
const redacted = '[REDACTED]';

/** The sections of both sides; those that would be empty are left out. */
export function describe(decoded: DecodedExchange): Description {
  return {
    request: decoded.request === undefined ? [] : describeRequest(decoded.request),
    response: decoded.response === undefined ? [] : describeResponse(decoded.response),
  };
}

function describeRequest(request: ValueMap): Section[] {
  const { method, targetUri, path, httpVersion, bodySize, postData, pathSegments } = request;
  const details = [
    row('Method', method, 'request.method'),
    row('Target URI', targetUri, 'request.targetUri'),
    row('Path', path, 'request.path'),
    row('HTTP Version', httpVersion, 'request.httpVersion'),
    row('Body Size (bytes)', bodySize, 'request.bodySize', cutRemark(postData)),
    ...problemRows(request),
  ];
  const segments = Array.isArray(pathSegments) && pathSegments.length > 1 ? pathSegments : [];
  return withRows([
    minor('Details', details),
    minor(
      'Path Segments',
      segments.map((value, i) => row(String(i), value, `request.pathSegments[${i}]`)),
    ),
    table('Query String', mapRows(request['queryString'], 'request.queryString')),
    table('Headers', headerRows(request, 'request')),
    table('Cookies', mapRows(request['cookies'], 'request.cookies')),
    ...formSections(postData),
    ...bodySections(postData, 'Body', 'request.postData'),
    table('Trailers', mapRows(request['trailers'], 'request.trailers')),
  ]);
}

function describeResponse(response: ValueMap): Section[] {
  const { status, statusText, httpVersion, bodySize, redirectURL, content, interim } = response;
  const details = [
    row('Status', status, 'response.status'),
    row('Status Text', statusText, 'response.statusText'),
    row('HTTP Version', httpVersion, 'response.httpVersion'),
    row('Body Size (bytes)', bodySize, 'response.bodySize', cutRemark(content)),
    ...(redirectURL === '' ? [] : [row('Redirects To', redirectURL, 'response.redirectURL')]),
    ...problemRows(response),
  ];
  const interims = Array.isArray(interim) ? interim : [];
  return withRows([
    minor('Details', details),
    table('Headers', headerRows(response, 'response')),
    table('Cookies', mapRows(response['cookies'], 'response.cookies')),
    ...bodySections(content, 'Body', 'response.content'),
    table('Trailers', mapRows(response['trailers'], 'response.trailers')),
    ...interims.map((each, i) => interimTable(each, i)),
  ]);
}

function interimTable(interim: Value, index: number): Section {
  const map = isMap(interim) ? interim : {};
  const path = `response.interim[${index}]`;
  const { status, statusText } = map;
  return table(`Interim Response: ${scalar(status)} ${scalar(statusText)}`, [
    row('Status', status, `${path}.status`),
    ...headerRows(map, path),
  ]);
}

function table(title: string, rows: readonly DetailRow[]): Section {
  return { kind: 'table', title, rows };
}

/** What the row says already. */
function minor(title: string, rows: readonly DetailRow[]): Section {
  return { kind: 'table', title, rows, minor: true };
}

function withRows(sections: readonly Section[]): Section[] {
  return sections.filter((section) => section.kind !== 'table' || section.rows.length > 0);
}

function row(name: string, value: Value, path: string, remark?: string): DetailRow {
  const shown = scalar(value);
  const why = remark ?? (shown === redacted ? 'redacted' : undefined);
  return why === undefined
    ? { name, value: shown, path }
    : { name, value: shown, path, remark: why };
}

function scalar(value: Value): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** How much there is of a cut body, beside the size of the whole. */
function cutRemark(data: Value): string | undefined {
  if (!isMap(data) || data['cut'] !== true) return undefined;
  const { kept, remark } = data;
  if (typeof remark === 'string') return remark;
  return typeof kept === 'number'
    ? `the first ${kept.toLocaleString('en')} bytes were kept`
    : undefined;
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of a member, quoted so that any name can be typed in a query. */
function member(base: string, name: string): string {
  return `${base}[${JSON.stringify(name)}]`;
}

/** Rows of a map; a list of values becomes a row each. */
function mapRows(value: Value, base: string): DetailRow[] {
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const path = member(base, name);
    if (!Array.isArray(each)) return [row(name, each, path)];
    return each.map((element, i) => row(`${name} [${i}]`, element, `${path}[${i}]`));
  });
}

/** Headers in the order and with the repeats of the wire; each reads the map, under its first name. */
function headerRows(side: ValueMap, base: string): DetailRow[] {
  const { headers, headerList } = side;
  if (!Array.isArray(headerList) || !isMap(headers)) return [];
  const firstNames = new Map(Object.keys(headers).map((name) => [name.toLowerCase(), name]));
  return headerList.filter(isMap).map(({ name, value }) => {
    const text = String(name);
    const first = firstNames.get(text.toLowerCase()) ?? text;
    return row(text, value, member(`${base}.headers`, first));
  });
}

function problemRows(side: ValueMap): DetailRow[] {
  const { problems } = side;
  const path = 'status' in side ? 'response.problems' : 'request.problems';
  if (!Array.isArray(problems)) return [];
  return problems.map((problem, i) => row('Problem', problem, `${path}[${i}]`, 'malformed'));
}

/** Fields of a form, or parts of a multipart body. */
function formSections(postData: Value): Section[] {
  if (!isMap(postData) || !Array.isArray(postData['params'])) return [];
  const params = postData['params'].filter(isMap);
  const multipart = params.some((param) => 'size' in param);
  const rows = params.flatMap((param, i) => partRows(param, `request.postData.params[${i}]`, ''));
  return [table(multipart ? 'Parts' : 'Form', rows)];
}

/** A field or a part; one that has parts itself is followed by them. */
function partRows(param: ValueMap, path: string, prefix: string): DetailRow[] {
  const { name, value, fileName, contentType, size, cut, parts } = param;
  const shown = `${prefix}${name}`;
  const remark = cut === true ? 'its end was not kept' : undefined;
  if (value !== undefined) return [row(shown, value, `${path}.value`, remark)];
  const described = [fileName, contentType, `${size} bytes`].filter((each) => each !== undefined);
  const inner = Array.isArray(parts) ? parts.filter(isMap) : [];
  return [
    row(
      shown,
      described.join(', '),
      `${path}.${fileName === undefined ? 'size' : 'fileName'}`,
      remark,
    ),
    ...inner.flatMap((each, i) => partRows(each, `${path}.parts[${i}]`, `${shown} / `)),
  ];
}

function bodySections(data: Value, title: string, path: string): Section[] {
  if (!isMap(data) || data['text'] === undefined) return [];
  const { text, encoding, mimeType, size, cut, kept, remark } = data;
  // Of a body of which nothing was kept, its size is still worth a place.
  if (text === '' && cut !== true) return [];
  return [
    {
      kind: 'body',
      title,
      mediaType: mediaTypeOf(String(mimeType)),
      encoding: encoding === 'base64' ? 'base64' : 'text',
      content: String(text),
      size: Number(size),
      cut: cut === true,
      ...(typeof kept === 'number' && { kept }),
      path: `${path}.text`,
      ...(typeof remark === 'string' && { remark }),
    },
  ];
}
