import { expect, test } from 'vitest';
import type { Description, Section, Value } from '../../dissect/contract.ts';
import { Incomplete } from '../../dissect/contract.ts';
import { decode } from './decode.ts';
import { describe as describeExchange } from './describe.ts';
import { redisFields } from './fields.ts';
import { bulk, command, list } from './test-encode.ts';

function shownOf(request: Buffer | undefined, response: Buffer, incomplete = 0) {
  const decoded = decode({ version: 2, request, response, incomplete });
  return { decoded, shown: describeExchange(decoded) };
}

/** Value at a path such as `request.arguments[0]`. */
function at(root: unknown, path: string): Value {
  let value = root as Value;
  for (const [, name, index] of path.matchAll(/([a-zA-Z]+)|\[(\d+)\]/g)) {
    value = (value as Record<string, Value>)[name ?? index!];
  }
  return value;
}

const titles = (sections: readonly Section[]) => sections.map(({ title }) => title);

const samples = [
  shownOf(command('SET', 'a', '{"n":1}', 'EX', '9'), Buffer.from('+OK\r\n')),
  shownOf(command('MGET', 'a', 'b'), list('*', '1', Buffer.from('$-1\r\n'))),
  shownOf(command('EVAL', 'return 1', '0'), Buffer.from('|1\r\n+a\r\n:1\r\n=7\r\ntxt:abc\r\n')),
  shownOf(command('GET', 'a'), Buffer.from('-MOVED 1 h:1\r\n')),
  shownOf(
    Buffer.concat([command('SET', 'a', '1'), command('CLIENT', 'ID'), command('EXEC')]),
    Buffer.from('*2\r\n+OK\r\n:7\r\n'),
  ),
  shownOf(undefined, list('>', 'pmessage', 'c*', 'ch', '{"n":1}')),
  shownOf(undefined, list('>', 'invalidate', list('*', 'a', 'b'))),
  shownOf(command('CLIENT', 'SETNAME', 'me'), bulk('x'), Incomplete.ResponseCut),
  shownOf(command('GET', 'abc').subarray(0, 20), bulk('x')),
];

test('every row, body and tree of the details is the value that its path names', () => {
  for (const { decoded, shown } of samples) {
    for (const section of [...shown.request, ...shown.response]) {
      if (section.kind === 'table') {
        for (const { name, value, path } of section.rows) {
          const found = at(decoded, path!);
          if (name === 'Keys') expect(found).toHaveLength(Number(value));
          else expect(found).toEqual(value);
        }
      } else if (section.kind === 'body') expect(at(decoded, section.path!)).toBe(section.content);
      else if (section.kind === 'tree') expect(at(decoded, section.path!)).toEqual(section.value);
      else
        section.paths!.forEach((path, i) => {
          expect(at(decoded, path)).toEqual(section.rows[i]!.at(-1));
        });
    }
  }
});

test('every field that can be asked for occurs, and what occurs can be asked for', () => {
  const sides = ['request', 'response'] as const;
  const occurring = samples.flatMap(({ decoded }) =>
    sides.flatMap((side) => Object.keys(decoded[side] ?? {}).map((name) => `${side}.${name}`)),
  );
  const declared = redisFields.map(({ path }) => path);
  expect([...new Set(occurring)].sort()).toEqual([...declared].sort());
});

test('what an engineer looks for stands in sections of its own', () => {
  const [set, mget, script, moved, exec, message] = samples.map(({ shown }) => shown) as [
    Description,
    Description,
    Description,
    Description,
    Description,
    Description,
  ];
  expect(titles(set.request)).toEqual(['Details', 'Command', 'Arguments']);
  expect(titles(mget.response)).toEqual(['Details', 'Reply']);
  expect(titles(script.request)).toContain('Script');
  expect(titles(script.response)).toEqual(['Details', 'Value', 'Attributes']);
  expect(titles(moved.response)).toEqual(['Details']);
  expect(exec.response[1]).toMatchObject({
    kind: 'grid',
    rows: [
      [0, 'SET a 1', 'OK'],
      [1, 'CLIENT ID', 7],
    ],
  });
  expect(message.response.find(({ title }) => title === 'Value')).toMatchObject({
    mediaType: 'application/json',
    content: '{"n":1}',
  });
});

test('a command is shown as one would type it', () => {
  const typed = (...words: (string | Buffer)[]) =>
    decode({ version: 2, request: command(...words), response: undefined, incomplete: 0 }).request![
      'typed'
    ];
  expect(typed('set', 'a', 'two words')).toBe('set a "two words"');
  expect(typed('SET', '', 'Zoë "x"\n')).toBe('SET "" "Zoë \\"x\\"\\n"');
  expect(typed('SET', Buffer.from([0xff, 0x22]))).toBe('SET "\\xff\\""');
});

test('bytes that end anywhere, or are none of Redis, are read as far as they go', () => {
  const whole = Buffer.concat([command('MSET', 'a', '1', 'b', '2')]);
  const answer = list(
    '%',
    'a',
    list('*', 'b', Buffer.from(',1.5\r\n')),
    'c',
    Buffer.from('#t\r\n'),
  );
  for (let i = 0; i <= whole.length; i++) shownOf(whole.subarray(0, i), answer);
  for (let i = 0; i <= answer.length; i++) {
    const { decoded } = shownOf(whole, answer.subarray(0, i));
    if (i < answer.length) expect(decoded.response!['cut']).toBe(true);
    else expect(decoded.response!['reply']).toEqual({ a: ['b', 1.5], c: true });
  }
  shownOf(Buffer.from([0, 1, 2]), Buffer.from('?what\r\n'));
});
