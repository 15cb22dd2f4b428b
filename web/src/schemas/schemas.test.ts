import { describe, expect, it } from 'vitest';
import { mostBytes, type PickedFile, pick } from './picked-files.ts';
import { problemOf } from './problems.ts';

const picked = (name: string, size = 10): PickedFile => ({ name, file: { size } as File });

describe('files that were chosen', () => {
  it('are taken when they are schemas, the rest is counted', () => {
    const { files, passedOver, problem } = pick([
      picked('shop/cart.proto'),
      picked('shop/README.md'),
      picked('all.protoset'),
    ]);
    expect(files.map(({ name }) => name)).toEqual(['shop/cart.proto', 'all.protoset']);
    expect(passedOver).toBe(1);
    expect(problem).toBe('');
  });

  it('are refused as a whole when there is no schema, or too much', () => {
    expect(pick([picked('notes.txt')]).problem).toContain('no .proto');
    const large = pick([picked('a.proto', mostBytes), picked('b.proto', 1)]);
    expect(large.files).toEqual([]);
    expect(large.problem).toContain('40 MiB');
  });
});

describe('what was wrong with a file', () => {
  it('names the file and the line', () => {
    const names = ['cart.proto', 'shop/cart.proto'];
    const sentence = "shop/cart.proto: illegal token '}' (line 3)";
    expect(problemOf(sentence, names)).toEqual({
      file: 'shop/cart.proto',
      line: 3,
      text: "illegal token '}'",
    });
    expect(problemOf("cart.proto: illegal 'x' (cart.proto, line 12)", names).line).toBe(12);
  });

  it('stays as it was said when it is of no file', () => {
    const sentence = 'They are not kept over a restart: no space left';
    expect(problemOf(sentence, ['a.proto'])).toEqual({ file: '', line: undefined, text: sentence });
  });
});
