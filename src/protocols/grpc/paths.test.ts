import { expect, it } from 'vitest';
import { numberOfPath, pathByNumber } from './paths.ts';

const numberOf = (text: string) => numberOfPath(Buffer.from(`> ${text}`), 2, 2 + text.length);

it('gives a path back by its number, without its query', () => {
  const number = numberOf('/shop.Cart/Add?connect=v1');
  expect(Buffer.from(pathByNumber(number)).toString()).toBe('/shop.Cart/Add');
  expect(numberOf('/shop.Cart/Add')).toBe(number);
  expect(numberOf('/shop.Cart/Other')).not.toBe(number);
});

it('keeps no more memory alive than the path itself', () => {
  expect(pathByNumber(numberOf('/shop.Cart/Small')).buffer.byteLength).toBe(16);
});

it('gives no number any more when all paths together are too long', () => {
  const long = 'x'.repeat(1000);
  let known = 0;
  for (let i = 0; i < 6000; i++) if (numberOf(`/${i}/${long}`) > 0) known++;
  expect(known).toBeGreaterThan(3000);
  expect(known).toBeLessThan(6000);
  expect(numberOf(`/0/${long}`)).toBeGreaterThan(0);
});
