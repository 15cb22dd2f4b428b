import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerHandle } from './server.ts';
import { fakeContext, serveFake, testToken } from './test-support.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, { readonly get?: Operation; readonly delete?: Operation }>;
  readonly components: { readonly schemas: Record<string, unknown> };
}
interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, { readonly description: string }>;
}

let server: ServerHandle;
let document: Document;

beforeAll(async () => {
  server = await serveFake(fakeContext());
  const response = await fetch(`${server.url}/api/v1/openapi.json`, {
    headers: { authorization: `Bearer ${testToken}` },
  });
  document = (await response.json()) as Document;
});
afterAll(() => server.close());

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name === '$ref' ? [String(item)] : references(item),
  );
}

it('describes every route, and nothing else', () => {
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    'DELETE /api/v1/entries',
    'GET /api/v1/count',
    'GET /api/v1/counters',
    'GET /api/v1/entries',
    'GET /api/v1/entries/{id}',
    'GET /api/v1/entries/{id}/body',
    'GET /api/v1/entries/{id}/raw',
    'GET /api/v1/health',
    'GET /api/v1/histogram',
    'GET /api/v1/info',
    'GET /api/v1/live',
    'GET /api/v1/openapi.json',
    'GET /api/v1/protocols',
    'GET /api/v1/query/check',
    'GET /api/v1/schema-files',
    'GET /api/v1/targets',
    'GET /api/v1/targets/summary',
    'PUT /api/v1/schema-files',
    'PUT /api/v1/targets',
  ]);
});

it('every reference leads somewhere', () => {
  const all = references(document);
  expect(all.length).toBeGreaterThan(10);
  for (const reference of all) {
    expect(reference).toMatch(/^#\/components\/schemas\/\w+$/);
    expect(document.components.schemas).toHaveProperty(reference.split('/').at(-1)!);
  }
});

it('every operation says what it is for, its parameters and its answers', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      expect(operation.summary).toBeTruthy();
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const { description } of Object.values(operation.responses)) {
        expect(description).toBeTruthy();
        expect(description).not.toBe('Default Response');
      }
    }
  }
  const names = document.paths['/api/v1/entries']?.get?.parameters?.map(({ name }) => name);
  expect(names).toEqual(['filter', 'limit', 'before', 'after', 'since', 'until']);
});

it('describes the messages of the WebSocket', () => {
  expect(document.components.schemas).toHaveProperty('LiveServerMessage');
  expect(document.components.schemas).toHaveProperty('LiveClientMessage');
});
