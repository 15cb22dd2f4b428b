import { expect, test } from 'vitest';
import { protocols } from '../index.ts';
import { client, entriesOf, server } from '../test-bench.ts';
import { Flag, Frame } from './frames.ts';
import { answer, block, frame, preface, settings } from './test-frames.ts';

test('parameters of a media type are no part of it: refinements and the row know the type', () => {
  const head = block([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'shop'],
    [':path', '/rpc'],
    ['content-type', 'application/json ; charset=utf-8'],
  ]);
  const body = '{"jsonrpc":"2.0","method":"add","id":1}';
  const [entry] = entriesOf(protocols, [
    client(preface, settings, frame(Frame.Headers, Flag.EndHeaders, 1, head)),
    client(frame(Frame.Data, Flag.EndStream, 1, body)),
    server(settings, answer(1, 200)),
  ]);
  expect(entry).toMatchObject({ target: '/rpc add', protocol: { abbr: 'RPC' } });
  expect(entry!.request!['headers']).toMatchObject({
    'content-type': 'application/json ; charset=utf-8',
  });
});
