import { expect, test } from 'vitest';
import { isSensitiveName } from './parse-names.ts';

test('names of secrets, in any spelling', () => {
  const secret = [
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'SET-COOKIE',
    'X-Api-Key',
    'x_access_token',
    'X-CSRFToken',
    'X-User-Id',
    'Client-Id',
    'client-secret',
    'X-Pass-Word',
    'JWT',
    'X-Au-th',
    'Zip-Code',
    'tototoken',
  ];
  expect(secret.filter((name) => !isSensitiveName(name))).toEqual([]);
});

test('names that only look like it', () => {
  const harmless = [
    'User-Agent',
    ':authority',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Accept',
    'Keep-Alive',
    'Content-Length',
    'Host',
    'Accept',
    'ETag',
    'traceparent',
    'X-Request-Id',
    'Toke-X',
    '',
  ];
  expect(harmless.filter(isSensitiveName)).toEqual([]);
});
