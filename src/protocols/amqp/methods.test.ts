import { expect, test } from 'vitest';
import { methods } from './methods.ts';

test('every field of every method has a name and a kind, wherever its line is broken', () => {
  const odd = methods.flatMap(({ name, fields }) =>
    fields
      .filter((field) => !/^[a-z]\w+$/i.test(field.name) || field.kind === undefined)
      .map(() => name),
  );
  expect(odd).toEqual([]);
  const declare = methods.find(({ name }) => name === 'exchange declare');
  expect(declare?.fields.map(({ name }) => name)).toContain('internal');
});
