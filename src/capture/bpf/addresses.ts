import net from 'node:net';
import { FilterError } from './filter-error.ts';
import type { Network } from './syntax.ts';
import type { Token } from './tokens.ts';

const ALL_BITS = 0xffffffff;

/** One address as a network of one. */
export function parseHost(token: Token): Network {
  if (token.text.includes('/')) {
    throw new FilterError(token.position, `"${token.text}" is a network; write: net ${token.text}`);
  }
  const words = token.text === 'localhost' ? [0x7f000001] : addressWords(token.text);
  if (words === undefined) {
    throw new FilterError(
      token.position,
      `"${token.text}" is not an IP address (names are not looked up)`,
    );
  }
  return { words, masks: words.map(() => ALL_BITS) };
}

/** `10`, `192.168`, `10.0.0.0/8`, `fd00::/8`, or with `mask` the address of the mask. */
export function parseNetwork(token: Token, mask: Token | undefined): Network {
  const [address = '', prefix, ...more] = token.text.split('/');
  const partial = partialIp4(address);
  const words = partial?.words ?? addressWords(address);
  if (words === undefined || more.length > 0) {
    throw new FilterError(token.position, `"${token.text}" is not a network like 10.0.0.0/8`);
  }
  const network = { words, masks: masksOf(token, words, prefix, mask, partial?.bits) };
  if (words.some((word, index) => (word & ~network.masks[index]!) !== 0)) {
    throw new FilterError(
      token.position,
      `"${token.text}" has bits set behind its network part; write the network's first address`,
    );
  }
  return network;
}

function masksOf(
  token: Token,
  words: readonly number[],
  prefix: string | undefined,
  mask: Token | undefined,
  partialBits: number | undefined,
): number[] {
  if (mask !== undefined) {
    const masks = addressWords(mask.text);
    if (masks === undefined || masks.length !== words.length || prefix !== undefined) {
      throw new FilterError(mask.position, `"${mask.text}" is not a mask for this network`);
    }
    return masks;
  }
  const width = words.length * 32;
  const bits = prefix === undefined ? (partialBits ?? width) : Number(prefix);
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || bits > width)) {
    throw new FilterError(token.position, `"/${prefix}" is not a prefix of 0 to ${width} bits`);
  }
  return words.map((_, index) => maskWord(bits - index * 32));
}

/** A word whose highest `bits` bits are set. */
function maskWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? ALL_BITS : (ALL_BITS << (32 - bits)) >>> 0;
}

/** Networks may leave out trailing zero bytes: `10` is 10.0.0.0/8, `192.168` is 192.168.0.0/16. */
function partialIp4(text: string): { words: number[]; bits: number } | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){0,2}$/.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  const bits = parts.length * 8;
  while (parts.length < 4) parts.push(0);
  return { words: [packBytes(parts)], bits };
}

function packBytes(bytes: readonly number[]): number {
  return bytes.reduce((word, byte) => word * 256 + byte, 0);
}

/** The address in 32-bit words (1 or 4), or undefined when the text is not one. */
export function addressWords(text: string): number[] | undefined {
  if (net.isIPv4(text)) return [packBytes(text.split('.').map(Number))];
  if (!net.isIPv6(text) || text.includes('%')) return undefined;
  const groups = ip6Groups(text);
  const words: number[] = [];
  for (let at = 0; at < 8; at += 2) words.push(groups[at]! * 65_536 + groups[at + 1]!);
  return words;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ip6Groups(text: string): number[] {
  const [before = '', after] = text.split('::');
  const front = groupsOf(before);
  const back = after === undefined ? [] : groupsOf(after);
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  return [...front, ...zeros, ...back];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const word = packBytes(group.split('.').map(Number));
    return [Math.floor(word / 65_536), word % 65_536];
  });
}
