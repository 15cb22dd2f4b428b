/** Content → text by its character set, or the verdict that it is not text. */
import { isUtf8 } from 'node:buffer';

export interface DecodedText {
  readonly text: string;
  readonly charset: string;
  readonly remark: string | undefined;
}

/** How far the beginning of HTML and XML is searched for the name of a character set. */
const sniffBytes = 1024;

const binaryType =
  /^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:pdf|zip|gzip|x-gzip|x-tar|zstd|wasm|grpc|protobuf|x-protobuf|vnd\.google\.protobuf|x-thrift|msgpack|x-msgpack|cbor|java-archive|x-java-serialized-object))/;
const textType =
  /^text\/|^application\/(?:x-www-form-urlencoded|javascript|x-javascript|ecmascript|graphql|sql|yaml|x-yaml|toml|x-sh)$|[/+](?:json|xml|yaml)$|json|xml/;

/** What a Content-Type value says; there are few of them, so they are remembered. */
interface ContentType {
  readonly mediaType: string;
  readonly charset: string | undefined;
  readonly isBinary: boolean;
  readonly isText: boolean;
  /** HTML or XML, which may name their character set themselves. */
  readonly mayName: boolean;
}

const contentTypes = new Map<string, ContentType>();
/** Content types that are remembered, and the longest of them. */
const maxContentTypes = 1024;
const maxContentTypeLength = 256;

function readContentType(value: string): ContentType {
  let known = contentTypes.get(value);
  if (known === undefined) {
    const mediaType = value.split(/[;,]/, 1)[0]!.trim().toLowerCase();
    known = {
      mediaType,
      charset: parameterOf(value, 'charset') || undefined,
      isBinary: binaryType.test(mediaType),
      isText: textType.test(mediaType),
      mayName: /html|xml/.test(mediaType),
    };
    if (contentTypes.size >= maxContentTypes) contentTypes.clear();
    if (value.length <= maxContentTypeLength) contentTypes.set(value, known);
  }
  return known;
}

/** Media type of a Content-Type value: lower case, without parameters. */
export function mediaTypeOf(contentType: string): string {
  return readContentType(contentType).mediaType;
}

/** A parameter of a header value: `charset` of `text/html; charset="utf-8"`. */
export function parameterOf(value: string, name: string): string | undefined {
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g;
  for (const [, key, quoted, plain] of value.matchAll(pattern)) {
    if (key!.toLowerCase() !== name) continue;
    return quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
  }
  return undefined;
}

/**
 * The text, or undefined when the content is binary. `whole`: nothing behind these bytes is missing, so what
 * ends within a character, and is not said to be text, is none.
 */
export function decodeText(
  bytes: Uint8Array,
  contentType: string,
  whole = false,
): DecodedText | undefined {
  const { isBinary, isText, mayName, charset } = readContentType(contentType);
  if (isBinary) return undefined;
  const bom = bomCharset(bytes);
  if (bom !== undefined) return isText ? decodeAs(bytes, bom) : strictly(bytes, bom, whole);
  const named = charset ?? (mayName ? sniffedCharset(bytes) : undefined);
  if (named !== undefined) return decodeAs(bytes, named);
  if (whole && !isText && !isUtf8(bytes)) return undefined;
  const utf8 = strictUtf8(bytes);
  if (utf8 !== undefined && (isText || !hasControls(utf8))) {
    return { text: utf8, charset: 'utf-8', remark: undefined };
  }
  if (!isText) return undefined;
  const remark = 'not UTF-8 although no other character set is named: read as ISO 8859-1';
  return { text: latin1(bytes), charset: 'iso-8859-1', remark };
}

function bomCharset(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return undefined;
}

function sniffedCharset(bytes: Uint8Array): string | undefined {
  const start = latin1(bytes.subarray(0, sniffBytes));
  return (
    /<meta[^>]*?charset\s*=\s*["']?([\w:-]+)/i.exec(start)?.[1] ??
    /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w:-]+)/i.exec(start)?.[1]
  );
}

function decodeAs(bytes: Uint8Array, charset: string): DecodedText {
  const label = charset.toLowerCase();
  // A text with a byte order mark has to lose it.
  if (label === 'utf-8' && bytes[0] !== 0xef && isUtf8(bytes)) {
    return { text: utf8(bytes), charset: label, remark: undefined };
  }
  try {
    const text = new TextDecoder(label).decode(bytes);
    return { text, charset: label, remark: undefined };
  } catch {
    const remark = `character set ${charset} is unknown: read as ISO 8859-1`;
    return { text: latin1(bytes), charset: 'iso-8859-1', remark };
  }
}

/** What only a byte order mark calls text has to be one: binary content may begin with any bytes. */
function strictly(bytes: Uint8Array, charset: string, whole: boolean): DecodedText | undefined {
  const text = strictText(bytes, charset, whole);
  const isText = text !== undefined && text !== '' && !hasControls(text);
  return isText ? { text, charset, remark: undefined } : undefined;
}

/** As UTF-8; a character that is cut off at the end is left out. */
function strictUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? utf8(bytes) : strictText(bytes, 'utf-8', false);
}

/** Undefined when a character is not valid; `whole`: also when one is cut off at the end. */
function strictText(bytes: Uint8Array, charset: string, whole: boolean): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}

/** Control characters that no text has. */
function hasControls(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
