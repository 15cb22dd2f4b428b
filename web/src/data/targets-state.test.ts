import { expect, test } from 'vitest';
import { tappingText } from './targets-state.ts';

test('what is tapped, in the words that users know', () => {
  const summary = { tapped: 3, pods: 5, namespaces: ['default', 'shop'], allNamespaces: false };
  expect(tappingText(summary)).toBe('Tapping 3 / 5 pods in namespaces default, shop');
  expect(tappingText({ ...summary, tapped: 5 })).toBe('Tapping 5 pods in namespaces default, shop');
  expect(tappingText({ tapped: 1, pods: 1, namespaces: ['shop'], allNamespaces: false })).toBe(
    'Tapping 1 pod in namespace shop',
  );
  expect(tappingText({ tapped: 0, pods: 2, namespaces: [], allNamespaces: true })).toBe(
    'Tapping 0 / 2 pods in all namespaces',
  );
});
