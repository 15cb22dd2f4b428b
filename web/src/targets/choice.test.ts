import { describe, expect, test } from 'vitest';
import type { TargetChoice } from '../../../src/serve/api.ts';
import {
  addNamespace,
  isChosen,
  isSame,
  leaveOutPod,
  removeNamespace,
  tapPod,
  whyNothing,
} from './choice.ts';

const choice = (changes: Partial<TargetChoice> = {}): TargetChoice => ({
  namespaces: ['shop'],
  allNamespaces: false,
  regex: '',
  selector: '',
  workloads: [],
  include: [],
  exclude: [],
  ...changes,
});
const pod = { namespace: 'shop', name: 'cart-0' };

describe('a choice of targets', () => {
  test('leaving a namespace out of all of them names the others', () => {
    const all = choice({ namespaces: [], allNamespaces: true });
    const rest = removeNamespace(all, 'data', ['billing', 'data', 'shop']);
    expect(rest).toMatchObject({ allNamespaces: false, namespaces: ['billing', 'shop'] });
    expect(isChosen(rest, 'data')).toBe(false);
  });
  test('leaving out a pod and tapping it again leads back to where it was', () => {
    const out = leaveOutPod(choice(), pod);
    expect(out.exclude).toEqual(['shop/cart-0']);
    expect(isSame(tapPod(out, pod), choice())).toBe(true);
    const tapped = tapPod(choice(), pod);
    expect(tapped.include).toEqual(['shop/cart-0']);
    expect(isSame(leaveOutPod(tapped, pod), choice())).toBe(true);
  });
  test('the order of names and spaces around texts change nothing', () => {
    const one = addNamespace(choice(), 'billing');
    expect(isSame(one, choice({ namespaces: ['shop', 'billing'], regex: ' ' }))).toBe(true);
    expect(isSame(one, choice())).toBe(false);
  });
  test('a choice of nothing says so', () => {
    expect(whyNothing(choice({ namespaces: [] }))).toContain('No namespace');
    expect(whyNothing(choice({ namespaces: [], include: ['a/b'] }))).toBe('');
  });
});
