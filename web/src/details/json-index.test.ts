import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatJson,
  indexJson,
  type JsonIndex,
  JsonReading,
  Kind,
  pathOf,
  visibleNodes,
} from './json-index.ts';

const valueAt = (index: JsonIndex, node: number) =>
  index.text.slice(index.from[node], index.to[node]);

function pathTo(text: string, value: string): string {
  const index = indexJson(text);
  for (let node = 0; node < index.count; node++) {
    if (valueAt(index, node) === value) return pathOf(index, node);
  }
  return 'absent';
}

describe('paths of values', () => {
  it('are names and positions', () => {
    expect(pathTo('{"a":{"b":[1,{"c":42}]}}', '42')).toBe('.a.b[1].c');
  });

  it('quote names that are not words', () => {
    expect(pathTo('{"content-hash":7}', '7')).toBe('["content-hash"]');
    expect(pathTo('{"a\\"b":7}', '7')).toBe('["a\\"b"]');
  });

  it('count positions behind nested values', () => {
    expect(pathTo('[[1,2],[3,[4]],5]', '5')).toBe('[2]');
  });
});

describe('what JSON.parse would lose', () => {
  it('keeps large numbers as written', () => {
    const index = indexJson('[12345678901234567890, 1.50]');
    expect(valueAt(index, 1)).toBe('12345678901234567890');
    expect(valueAt(index, 2)).toBe('1.50');
  });

  it('keeps repeated names and their order', () => {
    const index = indexJson('{"b":1,"a":2,"b":3}');
    expect(index.count).toBe(4);
    expect(index.members[0]).toBe(3);
  });

  it('reads lines of JSON one after the other', () => {
    const index = indexJson('{"a":1}\n{"a":2}\n');
    expect(index.brokenAt).toBe(-1);
    expect([index.kind[0], index.kind[2]]).toEqual([Kind.Object, Kind.Object]);
  });
});

describe('a cut or broken text', () => {
  it('shows everything before the break', () => {
    const index = indexJson('{"items":[{"id":1},{"id":2},{"i');
    expect(index.brokenAt).toBeGreaterThan(0);
    expect(index.members[1]).toBe(3);
  });

  it('that is no JSON at all has no values', () => {
    expect(indexJson('<html>').count).toBe(0);
    expect(indexJson('').count).toBe(0);
  });

  it('nested deeper than anybody reads does not overflow', () => {
    expect(indexJson('['.repeat(100_000)).brokenAt).toBeGreaterThan(0);
  });
});

describe('any JSON', () => {
  it('formats to the same value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const index = indexJson(text);
        expect(index.brokenAt).toBe(-1);
        expect(JSON.parse(formatJson(index))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('cut anywhere is read without an exception, and its values lie in the text', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(200), (text, length) => {
        const index = indexJson(text.slice(0, length));
        for (let node = 0; node < index.count; node++) {
          expect(index.next[node]).toBeGreaterThan(node);
          expect(index.to[node]).toBeLessThanOrEqual(length);
        }
        formatJson(index);
      }),
    );
  });

  it('shows only the outermost values when all is closed', () => {
    const index = indexJson('{"a":[1,2]} 3');
    expect([...visibleNodes(index, () => false)]).toEqual([0, 4]);
    expect(visibleNodes(index, () => true)).toHaveLength(5);
  });

  it('read in pieces shows the beginning, and in the end the same as read at once', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.integer({ min: 1, max: 7 }), (text, piece) => {
        const reading = new JsonReading(text);
        let index = reading.read(piece, 0);
        for (let pieces = 0; !index.isWhole && pieces < text.length; pieces++) {
          const all = [...visibleNodes(index, () => true)];
          expect(all).toHaveLength(index.count);
          for (const node of all) expect(visibleNodes(index, (at) => at !== node)).toContain(node);
          index = reading.read(piece, 0);
        }
        const whole = indexJson(text);
        expect(index.isWhole).toBe(true);
        expect(formatJson(index)).toBe(formatJson(whole));
        expect(index.count).toBe(whole.count);
      }),
    );
  });
});
