import { describe, expect, test } from 'vitest';
import { tokenIn, withToken } from './token.ts';

describe('what is pasted', () => {
  test('a token, with the spaces and quotes that come along', () => {
    expect(tokenIn(' q1-Zx_9 \n')).toBe('q1-Zx_9');
    expect(tokenIn('"q1-Zx_9"')).toBe('q1-Zx_9');
  });
  test('the link that Mizu prints, also within its sentence', () => {
    expect(tokenIn('http://localhost:8899/?token=a%2Bb&q=http')).toBe('a+b');
    expect(tokenIn('Mizu is available at http://localhost:8899/?token=abc')).toBe('abc');
  });
  test('what holds no token opens nothing', () => {
    expect(tokenIn('http://localhost:8899/')).toBe('');
    expect(tokenIn('Mizu is available at')).toBe('');
    expect(tokenIn('')).toBe('');
  });
});

test('the address keeps what the page shows', () => {
  const address = withToken('http://localhost:8080/targets?q=http&entry=ab', 'x y');
  expect(address).toBe('/targets?q=http&entry=ab&token=x+y');
});
