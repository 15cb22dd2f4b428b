/**
 * `xml()`: a text → maps, tolerant and bounded. `<order id="7"><item>tea</item></order>` becomes
 * `{order: {"-id": "7", item: "tea"}}`: attributes with a dash, elements that repeat as lists, text
 * beside elements or attributes as `#text`. Namespaces prefixes are kept, entities other than the
 * five of XML and characters by number stay as written.
 */
import { structureDepthLimit, structuredTextLimit } from './limits.ts';
import type { Data } from './values.ts';

interface Element {
  readonly name: string;
  readonly content: Map<string, Data>;
  text: string;
}

/** What `xml()` gives for a value: a map with the root element, or nothing. */
export function readXml(value: Data): Data {
  if (typeof value !== 'string') return typeof value === 'object' ? value : undefined;
  if (value.length > structuredTextLimit || !value.trimStart().startsWith('<')) return undefined;
  const root: Element = { name: '', content: new Map(), text: '' };
  const open: Element[] = [root];
  let at = 0;
  while (at < value.length && open.length <= structureDepthLimit) {
    const top = open.at(-1) ?? root;
    const less = value.indexOf('<', at);
    const textEnd = less === -1 ? value.length : less;
    top.text += unescapeText(value.slice(at, textEnd));
    if (less === -1) break;
    at = readMarkup(value, less, open);
  }
  while (open.length > 1) close(open, open.at(-1)?.name ?? '');
  return root.content.size === 0 ? undefined : Object.fromEntries(root.content);
}

/** Takes what starts with `<`; gives the offset behind it. What never ends reaches to the end. */
function readMarkup(text: string, from: number, open: Element[]): number {
  if (text.startsWith('<!--', from)) return behind(text, '-->', from + 4);
  if (text.startsWith('<![CDATA[', from)) {
    const end = behind(text, ']]>', from + 9);
    const top = open.at(-1);
    if (top !== undefined) top.text += text.slice(from + 9, end).replace(/]]>$/, '');
    return end;
  }
  if (text[from + 1] === '!' || text[from + 1] === '?') return behind(text, '>', from + 2);
  const end = tagEnd(text, from + 1);
  const tag = text.slice(from + 1, end);
  if (tag.startsWith('/')) close(open, tag.slice(1).trim());
  else {
    const name = tagName.exec(tag)?.[0];
    if (name !== undefined) {
      open.push(openElement(name, tag.slice(name.length)));
      if (tag.endsWith('/')) close(open, name);
    }
  }
  return end + 1;
}

const tagName = /^[^\s/>="']+/;

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at + mark.length;
}

/** Offset of the `>` outside of quotes. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const unit = text.charAt(at);
    if (quote !== '') quote = unit === quote ? '' : quote;
    else if (unit === '>') return at;
    else if (unit === '"' || unit === "'") quote = unit;
  }
  return text.length;
}

// sticky pieces, each taken once: linear in the tag's length
const attributeName = /[^\s=/"']+/y;
const attributeValue = /\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

function openElement(name: string, rest: string): Element {
  const content = new Map<string, Data>();
  let at = 0;
  while (at < rest.length) {
    attributeName.lastIndex = at;
    const key = attributeName.exec(rest)?.[0];
    at += key?.length ?? 1;
    if (key === undefined) continue;
    attributeValue.lastIndex = at;
    const match = attributeValue.exec(rest);
    if (match === null) continue;
    content.set(`-${key}`, unescapeText(match[1] ?? match[2] ?? ''));
    at += match[0].length;
  }
  return { name, content, text: '' };
}

/** Ends the elements down to the one of this name; a closing tag of none is left out. */
function close(open: Element[], name: string): void {
  const at = open.findLastIndex((element) => element.name === name);
  if (at < 1) return;
  while (open.length > at) {
    const element = open.pop();
    const parent = open.at(-1);
    if (element !== undefined && parent !== undefined) addChild(parent, element);
  }
}

function addChild(parent: Element, element: Element): void {
  const text = element.text.trim();
  if (element.content.size > 0 && text !== '') element.content.set('#text', text);
  const value: Data = element.content.size > 0 ? Object.fromEntries(element.content) : text;
  const present = parent.content.get(element.name);
  if (present === undefined) parent.content.set(element.name, value);
  else if (Array.isArray(present)) present.push(value);
  else parent.content.set(element.name, [present, value]);
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (all, hex, number, name) => {
    if (name !== undefined) return entities[String(name)] ?? String(all);
    const point = hex !== undefined ? Number.parseInt(String(hex), 16) : Number(number);
    return point <= 0x10ffff ? String.fromCodePoint(point) : String(all);
  });
}
