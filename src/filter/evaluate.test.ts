import { describe, expect, test } from 'vitest';
import type { ValueMap } from '../dissect/contract.ts';
import { evaluate } from './evaluate.ts';
import { httpEntry, schema, subjectOf } from './fixtures.ts';
import { parseQuery } from './parse.ts';

const now = Date.UTC(2021, 9, 19, 6, 30);

function parsed(text: string) {
  const result = parseQuery(text, schema, now);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.query;
}

function matches(text: string, entry: ValueMap = httpEntry(), texts: string[] = []): boolean {
  return evaluate(parsed(text), subjectOf(entry, texts));
}

const amqp = httpEntry({
  protocol: { name: 'amqp', version: '0-9-1', abbr: 'AMQP' },
  method: 'basic publish',
  request: { method: 'basic publish', queue: 'test.orders' },
});
const kafka = httpEntry({
  protocol: { name: 'kafka', version: '12', abbr: 'KAFKA' },
  method: 'Produce',
  request: { apiKeyName: 'Produce' },
  response: { payload: { errorCode: 2 } },
});
const redis = httpEntry({
  protocol: { name: 'redis', version: '3.x', abbr: 'REDIS' },
  method: 'GET',
  target: 'example',
  request: { command: 'GET', key: 'example' },
});
const grpc = httpEntry({
  protocol: { name: 'http', version: '2.0', abbr: 'gRPC' },
  request: { headers: { ':path': '/a.foo/b' } },
});
const failed = httpEntry({
  status: 404,
  response: { status: 404, headers: {}, content: { text: 'not found', size: 9 } },
});
const pending = httpEntry({
  status: 0,
  outcome: 'pending',
  elapsedTime: null,
  response: undefined,
});

describe('the queries that the original showed to its users', () => {
  const union =
    '(http and request.method == "PUT") or (amqp and request.queue.startsWith("test")) or (kafka and response.payload.errorCode == 2) or (redis and request.key == "example") or (grpc and request.headers[":path"] == r".*foo.*")';
  test.each<[string, ValueMap, boolean]>([
    ['http and request.path == "/catalogue"', httpEntry(), true],
    ['http and request.path != "/catalogue"', httpEntry(), false],
    ['http and request.headers["Accept"] == r"application/json.*"', httpEntry(), true],
    ['http and request.headers["Accept"] == r"application/xml.*"', httpEntry(), false],
    ['http and response.status == r"4.*"', failed, true],
    ['http and response.status == r"^4.*"', httpEntry(), false],
    ['http and response.status >= 400', failed, true],
    ['http and response.status >= 400', httpEntry(), false],
    ['timestamp < datetime("10/28/2021, 9:13:02.905 PM")', httpEntry(), true],
    ['timestamp >= datetime("10/19/2021, 6:29:02.593 AM")', httpEntry(), true],
    ['timestamp >= datetime("10/19/2021, 6:29:02.593 PM")', httpEntry(), false],
    [union, httpEntry(), false],
    [union, amqp, true],
    [union, kafka, true],
    [union, redis, true],
    [union, grpc, true],
    ['http and request.method == "GET" and dst.name == "carts.sock-shop"', httpEntry(), true],
    [
      'http and (request.queryString["q"] == response.headers["y"] or response.content.text.contains(request.queryString["q"]))',
      httpEntry(),
      true,
    ],
    ['request.path.startsWith("/cata")', httpEntry(), true],
    ['response.content.text.json().user.name == "ann"', httpEntry(), true],
    ['http and limit(100)', httpEntry(), true],
    ['http', amqp, false],
    ['src.name == "front-end" and dst.name == "b"', httpEntry(), false],
    ['request.path == r"^/catalogue.*"', httpEntry(), true],
    ['elapsedTime > 100', httpEntry(), false],
    ['redis and request.command == "GET"', redis, true],
    ['amqp and request.method == "basic publish"', amqp, true],
    ['kafka and request.apiKeyName == "Produce"', kafka, true],
    ['!outgoing', httpEntry(), true],
    ['namespace == "default"', httpEntry(), true],
    ['timestamp >= minutes(-5)', httpEntry(), true],
    ['timestamp >= seconds(-5)', httpEntry(), false],
    ['src.port == "51234"', httpEntry(), true],
  ])('%s', (text, entry, expected) => {
    expect(matches(text, entry)).toBe(expected);
  });
});

describe('the defects of the original, repaired', () => {
  test('and binds tighter than or', () => {
    expect(matches('true or true and false')).toBe(true);
    expect(matches('false and true or true')).toBe(true);
    expect(matches('(true or true) and false')).toBe(false);
    expect(matches('not false and false')).toBe(false);
    expect(matches('not (false and false)')).toBe(true);
  });

  test('numbers are equal at any size', () => {
    expect(matches('responseSize == 2000000')).toBe(true);
    expect(matches('timestamp == 1634624942593')).toBe(true);
    expect(matches('response.content.text.json().big == 1000001')).toBe(true);
    expect(matches('response.content.text.json().user.id == 1234567890123456789')).toBe(true);
    expect(matches('response.content.text.json().user.id == 1234567890123456788')).toBe(false);
    expect(matches('response.content.text.json().user.id > 1234567890123456788')).toBe(true);
  });

  test('a macro is a word and leaves longer names alone', () => {
    expect(matches('request.httpVersion == "HTTP/1.1"')).toBe(true);
    expect(matches('http and "http"', httpEntry(), ['plain http'])).toBe(true);
  });

  test('a missing path makes only its own comparison false', () => {
    expect(matches('request.headers["x"] == "a" or status == 200')).toBe(true);
    expect(matches('request.headers["x"] != "a"')).toBe(false);
    expect(matches('not (request.headers["x"] == "a")')).toBe(true);
    expect(matches('not request.headers["x"]')).toBe(true);
    expect(matches('request.headers["x"] < 5 or request.headers["x"] >= 5')).toBe(false);
  });

  test('negation works on every value', () => {
    expect(matches('not request.path')).toBe(false);
    expect(matches('!status')).toBe(false);
    expect(matches('!!status')).toBe(true);
  });
});

describe('values', () => {
  test('header names have no case, other names do', () => {
    expect(matches('request.headers["ACCEPT"] contains "json"')).toBe(true);
    expect(matches('request.headers["x-request-id"] == "abc-123"')).toBe(true);
    expect(matches('request.headers.x-request-id == "abc-123"')).toBe(true);
    expect(matches('request.queryString["Q"] == "tea"')).toBe(false);
  });

  test('a list matches when one of its elements does', () => {
    expect(matches('request.headers["via"] == "b"')).toBe(true);
    expect(matches('request.headers["via"] != "b"')).toBe(true);
    expect(matches('request.headers["via"] == "c"')).toBe(false);
    expect(matches('"b" == request.headers["via"]')).toBe(true);
    expect(matches('"b" in request.headers["via"]')).toBe(true);
    expect(matches('request.queryString["page"] in (2, 3)')).toBe(true);
    expect(matches('request.headers["via"][1] == "b"')).toBe(true);
    expect(matches('request.headers["via"][-1] == "b"')).toBe(true);
    expect(matches('request.headers["via"][2] == "b"')).toBe(false);
    expect(matches('request.pathSegments[0] == "catalogue"')).toBe(true);
  });

  test('texts that write numbers compare as numbers with numbers', () => {
    expect(matches('response.headers["content-length"] > 999')).toBe(true);
    expect(matches('response.headers["content-length"] == 1234.0')).toBe(true);
    expect(matches('response.headers["y"] > 5')).toBe(false);
    expect(matches('elapsedTime == 12.5 and elapsedTime >= 12 and elapsedTime < 1.3e1')).toBe(true);
    expect(matches('elapsedTime > 12ms and elapsedTime < 0.1s and responseSize < 2MiB')).toBe(true);
    expect(matches('status > -1 and -1 < status')).toBe(true);
  });

  test('wildcards and names at any depth', () => {
    expect(matches('response.content.text.json().items[*].id == 8')).toBe(true);
    expect(matches('response.content.text.json().items.id == 8')).toBe(true);
    expect(matches('response.content.text.json().items.id == 80')).toBe(false);
    expect(matches('response.content.text.json().items.*.id == 9')).toBe(false);
    expect(matches('response.content.text.json()..id == 7')).toBe(true);
    expect(matches('request..x-request-id == "abc-123"')).toBe(false);
    expect(matches('request..q == "tea"')).toBe(true);
    expect(matches('request.headers[*] == "abc-123"')).toBe(true);
  });

  test('contains in a map looks at names and values', () => {
    expect(matches('request contains "abc-12"')).toBe(true);
    expect(matches('request.headers contains "X-Req"')).toBe(true);
    expect(matches('request contains "nowhere"')).toBe(false);
  });

  test('nil is what is not there', () => {
    expect(matches('elapsedTime == nil', pending)).toBe(true);
    expect(matches('response == nil', pending)).toBe(true);
    expect(matches('elapsedTime != nil')).toBe(true);
    expect(matches('request.headers["x"] == null')).toBe(true);
    expect(matches('request.headers["x"] in (nil, "a")')).toBe(true);
  });

  test('fields of a side that is missing are missing', () => {
    expect(matches('status < 400', pending)).toBe(true);
    expect(matches('response.status < 400', pending)).toBe(false);
    expect(matches('not (response.status < 400)', pending)).toBe(true);
  });

  test('a column shared by protocols is read only for those that declare the field', () => {
    expect(matches('request.method == "GET"', redis)).toBe(false);
    expect(matches('request.command == "GET"', redis)).toBe(true);
    expect(matches('method == "GET"', redis)).toBe(true);
  });

  test('operators and methods say the same', () => {
    for (const [operator, method] of [
      ['contains', 'talog'],
      ['startsWith', '/cat'],
      ['endsWith', 'gue'],
      ['matches', '^/[a-z]+$'],
    ] as const) {
      expect(matches(`request.path ${operator} "${method}"`)).toBe(true);
      expect(matches(`request.path.${operator}("${method}")`)).toBe(true);
      expect(matches(`request.path.${operator}("nowhere")`)).toBe(false);
      expect(matches(`request.path.${operator}("nowhere") == false`)).toBe(true);
    }
    expect(matches('status startsWith "20" and status contains "0"')).toBe(true);
    expect(matches('status in (200, 201) and status not in [404, r"^5"]')).toBe(true);
    expect(matches('status in (r"^2", 404) && !(status in (500)) || false')).toBe(true);
  });

  test('texts are compared letter by letter, in the order of their bytes', () => {
    expect(matches('request.path == "/CATALOGUE"')).toBe(false);
    expect(matches('request.path == r"(?i)CATALOGUE"')).toBe(true);
    expect(matches('request.path > "/b" and request.path < "/d"')).toBe(true);
    expect(matches('host < "\\u{1f600}" and host < "\\uffff"')).toBe(true);
  });
});

describe('json() and xml()', () => {
  const body = (text: unknown) =>
    httpEntry({ response: { status: 200, content: { text: text as string } } });

  test('what cannot be parsed is missing', () => {
    expect(matches('response.content.text.json().a == 1', body('{"a":'))).toBe(false);
    expect(matches('not (response.content.text.json().a == 1)', body('{'))).toBe(true);
    expect(matches('response.content.text.json() == 5', body('5'))).toBe(true);
    expect(matches('response.content.text.json().__proto__', body('{}'))).toBe(false);
  });

  test('base64 is opened', () => {
    expect(matches('response.content.text.json().a == "ü"', body('eyJhIjoiw7wifQ=='))).toBe(true);
  });

  test('XML becomes maps and lists', () => {
    const xml =
      '<?xml version="1.0"?><!-- c --><order id="7" b=\'x\'><item>tea &amp; milk</item><item>cup</item><n>5</n><empty/><note a="1">x<![CDATA[<y>]]></note></order>';
    const query = (path: string) => matches(`response.content.text.xml().${path}`, body(xml));
    expect(query('order.item == "tea & milk"')).toBe(true);
    expect(query('order.item[1] == "cup"')).toBe(true);
    expect(query('order["-id"] == 7')).toBe(true);
    expect(query('order["-b"] == "x"')).toBe(true);
    expect(query('order.n > 4')).toBe(true);
    expect(query('order.note["#text"] == "x<y>"')).toBe(true);
    expect(query('order.empty == ""')).toBe(true);
    expect(matches('response.content.text.xml().a.b == "x"', body('<a><b>x</c>'))).toBe(true);
    expect(matches('response.content.text.xml().a', body('no xml'))).toBe(false);
  });

  test.each(['<a "', '<a<', '</', '<a x', '<!--', '<![CDATA[', '<a>', '<a b="c" '])(
    'a megabyte of %s ends',
    (piece) => {
      const text = piece.repeat(1_000_000 / piece.length);
      expect(matches('response.content.text.xml()..z == 1', body(text))).toBe(false);
    },
  );

  test('a megabyte of brackets ends', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    expect(matches('response.content.text.json() == 1', body(deep))).toBe(false);
    expect(matches('response.content.text.json()..a == 1', body(deep))).toBe(false);
  });
});

describe('free text', () => {
  const texts = ['POST', '/pay', 'Payment FAILED for order 7'];
  const search = (text: string) => matches(text, httpEntry(), texts);

  test('is searched without regard to case, and joined like conditions', () => {
    expect(search('"payment failed"')).toBe(true);
    expect(search("'payment failed'")).toBe(true);
    expect(search('`payment failed` and http')).toBe(true);
    expect(search('not "payment failed"')).toBe(false);
    expect(search('"refund" or "ORDER 7"')).toBe(true);
    expect(search('r"order \\d+$"')).toBe(true);
    expect(search('"\\u212a" or "k"')).toBe(false);
  });
});

test('conditions on columns never decode', () => {
  const subject = subjectOf(httpEntry());
  const text =
    'http and response.status == r"^2" and (request.path startsWith "/c" or src.port == 1) and not outgoing and response.headers["x"] == nil or elapsedTime > 1s';
  expect(evaluate(parsed(text.replace(' and response.headers["x"] == nil', '')), subject)).toBe(
    true,
  );
  expect(subject.decoded).toBe(0);
  const cheap = subjectOf(httpEntry());
  expect(evaluate(parsed('response.headers["x"] == nil and status == 1'), cheap)).toBe(false);
  expect(cheap.decoded).toBe(0);
});

test('an entry that cannot be read does not match', () => {
  const broken = {
    column: () => undefined,
    root: () => {
      throw new Error('broken');
    },
    texts: () => {
      throw new Error('broken');
    },
  };
  expect(evaluate(parsed('"x"'), broken)).toBe(false);
  expect(evaluate(parsed('not request.headers["x"]'), broken)).toBe(false);
});
