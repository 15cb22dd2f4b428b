import { expect, test } from 'vitest';
import type { EntryDetails } from '../../../src/serve/api.ts';
import { restoreTexts } from './long-texts.ts';

const details = (content: object, path = 'response.content.text') =>
  ({
    entry: { response: { status: 200, content } },
    sections: { request: [], response: [{ kind: 'body', path, content: '{"a":1}' }] },
  }) as unknown as EntryDetails;

test('a text that came once stands in the entry as well', () => {
  const { entry } = restoreTexts(details({ mimeType: 'application/json' }));
  expect(entry.response).toMatchObject({
    content: { mimeType: 'application/json', text: '{"a":1}' },
  });
});

test('what is there, and what has no place, stays as it was', () => {
  const there = restoreTexts(details({ text: 'own' })).entry.response;
  expect(there).toMatchObject({ content: { text: 'own' } });
  const nowhere = restoreTexts(details({}, 'response.other.text')).entry.response;
  expect(nowhere).toEqual({ status: 200, content: {} });
});
