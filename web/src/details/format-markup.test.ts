import { describe, expect, it } from 'vitest';
import { formatMarkup } from './format-markup.ts';

describe('markup', () => {
  it('is shown with one element a line, short ones in one', () => {
    const text = '<feed><entry id="1"><title>Tea</title><empty></empty></entry><br/></feed>';
    expect(formatMarkup(text, false)).toBe(
      [
        '<feed>',
        '  <entry id="1">',
        '    <title>Tea</title>',
        '    <empty></empty>',
        '  </entry>',
        '  <br/>',
        '</feed>',
      ].join('\n'),
    );
  });

  it('of HTML knows elements without an end, and leaves scripts alone', () => {
    const text = '<p>a<br>b</p><script>if (a < b) { x("</p>"); }</script>';
    const lines = formatMarkup(text, true).split('\n');
    expect(lines).toContain('<script>if (a < b) { x("</p>"); }</script>');
    expect(lines.at(-2)).toBe('</p>');
  });

  it('that is broken is not lost', () => {
    const text = '<a><b>one</a> two < three';
    const letters = (shown: string) => shown.replace(/\s/g, '');
    expect(letters(formatMarkup(text, false))).toBe(letters(text));
  });
});
