/** The token that opens page and API: made, read from requests, compared in constant time. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

const tokenBytes = 32;
/** Must fit a cookie and a header as it is. */
const usable = /^[\x21-\x7e]{1,512}$/;

export function randomToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

export function isUsableToken(token: string): boolean {
  return usable.test(token);
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares digests: the time taken says neither where texts differ nor how long the token is. */
export function tokenCheck(token: string): (given: string | undefined) => boolean {
  const expected = digest(token);
  return (given) => given !== undefined && timingSafeEqual(digest(given), expected);
}

/** Cookies do not tell ports apart: each port has a name of its own. */
export function cookieName(port: number): string {
  return `mizu-token-${port}`;
}

export function bearerToken(request: FastifyRequest): string | undefined {
  return /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
}
