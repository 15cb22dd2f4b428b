/** Which ways there are to look at a body, and how its content becomes text or bytes. */
import type { Section } from '../../../src/dissect/contract.ts';
import type { BodyLanguage } from './highlight-body.ts';

export type BodySection = Extract<Section, { kind: 'body' }>;
export type BodyView = 'tree' | 'form' | 'image' | 'text' | 'raw' | 'hex';

export const viewTitles: Readonly<Record<BodyView, string>> = {
  tree: 'Tree',
  form: 'Form',
  image: 'Image',
  text: 'Text',
  raw: 'Raw',
  hex: 'Hex',
};

/** Picture types that browsers draw without running anything: SVG is left to the text view. */
const pictures = /^image\/(png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/;

const isJsonType = (mediaType: string) =>
  /[/+](json|x-ndjson|jsonl?|problem\+json)$/.test(mediaType);
const isMarkupType = (mediaType: string) => /[/+](xml|html|xhtml)$/.test(mediaType);

/** Texts without a declared type are looked at. */
const looksLikeJson = (content: string) => /^\s*[[{]/.test(content.slice(0, 100));
const looksLikeMarkup = (content: string) => /^\s*<[!?A-Za-z]/.test(content.slice(0, 100));

/** What the text is, by its media type, else by how it begins. */
export function languageOf(body: BodySection): BodyLanguage {
  if (body.encoding !== 'text') return 'none';
  if (isJsonType(body.mediaType)) return 'json';
  if (isMarkupType(body.mediaType)) return 'markup';
  if (body.mediaType.includes('form')) return 'none';
  if (looksLikeJson(body.content)) return 'json';
  return looksLikeMarkup(body.content) ? 'markup' : 'none';
}

/** The views there are for a body, the best first. */
export function viewsOf(body: BodySection): readonly BodyView[] {
  if (body.encoding === 'base64') {
    return pictures.test(body.mediaType) ? ['image', 'hex'] : ['hex'];
  }
  if (body.mediaType === 'application/x-www-form-urlencoded') return ['form', 'raw', 'hex'];
  const language = languageOf(body);
  if (language === 'json') return ['tree', 'text', 'raw', 'hex'];
  return language === 'markup' ? ['text', 'raw', 'hex'] : ['raw', 'hex'];
}

/** The bytes of a body: those of its text in UTF-8, when it came as text. */
export function bytesOf(body: BodySection): Uint8Array<ArrayBuffer> {
  if (body.encoding === 'text') return new TextEncoder().encode(body.content);
  try {
    const binary = atob(body.content);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return new TextEncoder().encode(body.content);
  }
}
