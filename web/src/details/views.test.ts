import { describe, expect, it } from 'vitest';
import { type BodySection, bytesOf, languageOf, viewsOf } from './body-views.ts';
import { hexLine } from './hex-view.tsx';

const body = (mediaType: string, content = '', encoding: 'text' | 'base64' = 'text') =>
  ({
    kind: 'body',
    title: 'Body',
    mediaType,
    encoding,
    content,
    size: 0,
    cut: false,
  }) as BodySection;

describe('views of a body', () => {
  it('begin with a tree for JSON, whatever its exact type', () => {
    expect(viewsOf(body('application/problem+json'))[0]).toBe('tree');
    expect(viewsOf(body('application/json'))[0]).toBe('tree');
  });

  it('look at the text when the type says nothing', () => {
    expect(languageOf(body('text/plain', ' {"a":1}'))).toBe('json');
    expect(languageOf(body('', '<a/>'))).toBe('markup');
    expect(languageOf(body('text/plain', 'hello'))).toBe('none');
  });

  it('never draw SVG as a picture', () => {
    expect(viewsOf(body('image/svg+xml', '<svg/>'))).not.toContain('image');
    expect(viewsOf(body('image/svg+xml', 'PHN2Zy8+', 'base64'))).toEqual(['hex']);
  });

  it('of bytes that are no text are hexadecimal', () => {
    expect(viewsOf(body('application/octet-stream', 'AAE=', 'base64'))).toEqual(['hex']);
  });
});

describe('the hexadecimal view', () => {
  it('shows bytes as numbers and characters', () => {
    const bytes = bytesOf(body('', btoa('HTTP/1.1 200 OK\r\n'), 'base64'));
    expect(hexLine(bytes, 0)).toEqual([
      '00000000',
      '48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d',
      'HTTP/1.1 200 OK.',
    ]);
    expect(hexLine(bytes, 1)[1].trim()).toBe('0a');
  });

  it('shows broken base64 as it came', () => {
    expect(bytesOf(body('', '%%%', 'base64'))).toEqual(new TextEncoder().encode('%%%'));
  });
});
