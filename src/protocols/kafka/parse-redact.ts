/**
 * Messages with secrets, rewritten without them: a secret gives way to `[REDACTED]` with its length put
 * right, so that what is kept still reads as a message.
 */
import { hasFlexibleResponseHeader } from './parse-plan.ts';
import { type Field, isFlexible, type Layout, requestLayout, responseLayout } from './schema.ts';

const redacted = '[REDACTED]';
const mark = new TextEncoder().encode(redacted);
/** Stands between the parts of a token of OAUTHBEARER. */
const bearerMark = '\u0001';

/** AlterConfigs, SASL, delegation tokens, IncrementalAlterConfigs, SCRAM credentials, Envelope. */
const secretive: readonly number[] = [33, 36, 38, 39, 40, 41, 44, 51, 58];
const isSecretive = Uint8Array.from({ length: 64 }, (_, key) => Number(secretive.includes(key)));
const envelopeKey = 58;

/** Settings whose values are secrets; as Kafka itself decides by their type, which is not on the wire. */
const secretSetting = /password|secret|jaas|credential|token|keystore\.key|private/i;

/** Elements per message; a message with more keeps nothing of its body. */
const maxElements = 20_000;

/** Whether messages of this API may hold secrets. */
export function hasSecrets(key: number): boolean {
  return isSecretive[key] === 1;
}

/** A SASL token with its secrets replaced; the same object when there are none. */
export function redactToken(token: Uint8Array): Uint8Array {
  if (token.length === 0) return token;
  const text = Buffer.from(token.buffer, token.byteOffset, token.length).toString('latin1');
  const clean = cleanToken(text);
  return clean === text ? token : Buffer.from(clean, 'latin1');
}

function cleanToken(text: string): string {
  const parts = text.split('\0');
  // PLAIN: on whose behalf, user, password. A token of Kerberos may have two zero bytes by chance.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no name has them
  const isPlain = parts.length === 3 && !/[\x01-\x1f]/.test(parts[0]! + parts[1]!);
  if (isPlain) return `${parts[0]}\0${parts[1]}\0${redacted}`;
  if (parts.length > 1) return redacted;
  // SCRAM: the client's first message, the server's first, an error; a refusal of OAUTHBEARER.
  if (/^[nyp][^,]*,[^,]*,(?:m=[^,]*,)?n=[^,]*,r=/.test(text)) return text;
  if (/^(?:m=[^,]*,)?r=[^,]+,s=[^,]+,i=\d+/.test(text) || /^e=[\w-]+$/.test(text)) return text;
  if (/^\{"status":"/.test(text) || text === bearerMark) return text;
  const proof = /^c=[^,]*,r=[^,]*,(?:[^,]+,)*?p=/.exec(text) ?? /^v=/.exec(text);
  if (proof !== null) return `${proof[0]}${redacted}`;
  // OAUTHBEARER: a header of GS2, then `auth=Bearer token` and extensions, each behind a mark.
  const [head, auth = ''] = text.split(bearerMark);
  const scheme = /^auth=\w+ /.exec(auth);
  if (scheme === null) return redacted;
  return `${head}${bearerMark}${scheme[0]}${redacted}${bearerMark}${bearerMark}`;
}

/**
 * The whole message without its secrets, or undefined when there are none. `header`: bytes in front of
 * the body, without tagged fields. A body that cannot be read is left out.
 */
export function redactMessage(
  message: Uint8Array,
  header: number,
  key: number,
  version: number,
  isRequest: boolean,
): Uint8Array | undefined {
  const layout = isRequest ? requestLayout(key, version) : responseLayout(key, version);
  const rewriter = new Rewriter(message, header);
  const flexible = isRequest ? isFlexible(key, version) : hasFlexibleResponseHeader(key, version);
  const done = layout !== undefined && rewriter.rewrite(layout, flexible);
  if (!done) return withSize(message.slice(0, header));
  return rewriter.changed ? withSize(rewriter.result()) : undefined;
}

function withSize(message: Uint8Array): Uint8Array {
  new DataView(message.buffer, message.byteOffset).setInt32(0, message.length - 4);
  return message;
}

/** Copies a message field by field. Every `#` method is false when the bytes run out. */
class Rewriter {
  readonly #bytes: Uint8Array;
  readonly #parts: Uint8Array[] = [];
  #at: number;
  /** Up to here everything is in `#parts`. */
  #copied = 0;
  #elements = 0;
  /** Name of the setting whose value comes next. */
  #setting = '';
  changed = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  rewrite(layout: Layout, flexibleHeader: boolean): boolean {
    if (flexibleHeader && !this.#tags()) return false;
    return this.#struct(layout);
  }

  result(): Uint8Array {
    return Buffer.concat([...this.#parts, this.#bytes.subarray(this.#copied)]);
  }

  #struct(layout: Layout): boolean {
    for (const field of layout.fields) {
      if (!this.#field(field, layout.flexible)) return false;
    }
    return !layout.flexible || this.#tags();
  }

  #field(field: Field, flexible: boolean): boolean {
    if (!field.isArray) return this.#value(field, flexible);
    const count = flexible ? this.#variable() - 1 : this.#int(4);
    if (count > this.#bytes.length) return false;
    for (let i = 0; i < count; i++) {
      if (++this.#elements > maxElements || !this.#value(field, flexible)) return false;
    }
    return this.#at <= this.#bytes.length;
  }

  #value(field: Field, flexible: boolean): boolean {
    const { type, layout, isNullable, isArray } = field;
    if (layout !== undefined) {
      if (isNullable && !isArray && this.#int(1) < 0) return true;
      return this.#struct(layout);
    }
    if (type !== 's' && type !== 'B' && type !== 'R') {
      this.#at += type === 'u' ? 16 : type === 'b' ? 1 : Number(type[1]);
      return this.#at <= this.#bytes.length;
    }
    const lengthAt = this.#at;
    const length = flexible ? this.#variable() - 1 : this.#int(type === 's' ? 2 : 4);
    const from = this.#at;
    if (length > this.#bytes.length - from) return false;
    this.#at += Math.max(length, 0);
    if (length > 0) this.#consider(field, flexible, lengthAt, from);
    return this.#at <= this.#bytes.length;
  }

  /** The value `[from, #at)`, whose length lies at `lengthAt`, may be a secret. */
  #consider(field: Field, flexible: boolean, lengthAt: number, from: number): void {
    const { role, name, type } = field;
    const value = this.#bytes.subarray(from, this.#at);
    if (name === 'name' || name === 'configName') {
      this.#setting = Buffer.from(value).toString('latin1');
    }
    const clean = cleanValue(role, name, value, this.#setting);
    if (clean === value) return;
    this.changed = true;
    this.#parts.push(this.#bytes.subarray(this.#copied, lengthAt));
    this.#parts.push(lengthBytes(clean.length, flexible ? 0 : type === 's' ? 2 : 4), clean);
    this.#copied = this.#at;
  }

  /** No tagged field of these APIs is a secret. */
  #tags(): boolean {
    const count = this.#variable();
    if (count > this.#bytes.length) return false;
    for (let i = 0; i < count; i++) {
      this.#variable();
      const size = this.#variable();
      this.#at += size;
      if (this.#at > this.#bytes.length) return false;
    }
    return true;
  }

  #int(width: 1 | 2 | 4): number {
    let value = 0;
    for (let i = 0; i < width; i++) value = (value << 8) | (this.#bytes[this.#at++] ?? 0);
    return (value << (32 - width * 8)) >> (32 - width * 8);
  }

  #variable(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return Number.MAX_SAFE_INTEGER;
  }
}

/** What stands for a value in what is kept; the value itself when it is no secret. */
function cleanValue(role: string, name: string, value: Uint8Array, setting: string): Uint8Array {
  if (role === 'S') return name === 'authBytes' ? redactToken(value) : mark;
  if (role === 'K') return secretSetting.test(setting) ? mark : value;
  if (role === 'V') {
    const key = value.length < 2 ? envelopeKey : (value[0]! << 8) | value[1]!;
    return hasSecrets(key) ? mark : value;
  }
  return value;
}

/** A length: of `width` bytes, or variable (0) and one more. */
function lengthBytes(length: number, width: 0 | 2 | 4): Uint8Array {
  const bytes: number[] = [];
  if (width === 0) {
    let rest = length + 1;
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  } else
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) bytes.push((length >>> shift) & 0xff);
  return Uint8Array.from(bytes);
}
