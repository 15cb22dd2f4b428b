import { describe, expect, test } from 'vitest';
import { parseSelector } from './selector.ts';

const labels = {
  app: 'cart',
  tier: 'back',
  'app.kubernetes.io/name': 'cart',
  replicas: '3',
  empty: '',
};

function matches(selector: string): boolean | string {
  const parsed = parseSelector(selector);
  return parsed.ok ? parsed.matches(labels) : parsed.message;
}

describe('a label selector', () => {
  test.each([
    ['', true],
    ['app', true],
    ['nothing', false],
    ['!nothing', true],
    ['! app', false],
    ['app=cart', true],
    ['app == cart', true],
    ['app=web', false],
    ['app!=web', true],
    ['app != cart', false],
    // As in Kubernetes, what is missing differs.
    ['nothing!=x', true],
    ['nothing=', false],
    ['empty=', true],
    ['empty', true],
    ['app in (cart, web)', true],
    ['app in (web)', false],
    ['nothing in (cart)', false],
    ['app notin (web,front)', true],
    ['app notin (cart)', false],
    ['nothing notin (cart)', true],
    ['empty in (,x)', true],
    ['empty in ()', true],
    ['app.kubernetes.io/name=cart,tier in (back),!nothing', true],
    ['app=cart,tier=front', false],
    ['replicas>2', true],
    ['replicas > 3', false],
    ['replicas<4,app', true],
    ['app>1', false],
    ['constructor', false],
  ])('%s → %s', (selector, expected) => {
    expect(matches(selector)).toBe(expected);
  });

  test.each([
    [',', 'a label is missing'],
    ['app=cart,', 'a label is missing'],
    ['app in cart', '"(" is missing, there is "cart"'],
    ['app in (cart', 'in a list of values comes "," or ")", not ""'],
    ['app in (', 'the list of values has no end, ")" is missing'],
    ['app cart', 'after app comes =, ==, !=, in, notin, < or >, not "cart"'],
    ['app=cart tier=back', '"," is missing, there is "tier"'],
    ['app=-cart', '"-cart" is no value of a label'],
    ['a/b/c=d', '"a/b/c" is no label'],
    ['-app', '"-app" is no label'],
    ['replicas>many', '> compares with a whole number, not "many"'],
  ])('%s is refused: %s', (selector, message) => {
    expect(matches(selector)).toBe(message);
  });

  test('of any length ends', () => {
    expect(matches('a,'.repeat(6000))).toBe('the selector is too long');
    expect(matches('('.repeat(9000))).toMatch(/is no label/);
  });
});
