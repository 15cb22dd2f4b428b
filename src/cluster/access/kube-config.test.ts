import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentNamespace, findKubeConfig } from './kube-config.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'mizu-kube-config-'));
});
afterAll(() => rmSync(home, { recursive: true }));

function write(name: string, content: object | string): string {
  const path = join(home, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function config(name: string, current: string, namespace?: string): object {
  return {
    clusters: [{ name, cluster: { server: `https://${name}.example` } }],
    users: [{ name, user: { token: name } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': current,
  };
}

function find(options: { path?: string; context?: string; KUBECONFIG?: string }) {
  const { KUBECONFIG, ...rest } = options;
  return findKubeConfig({ ...rest, environment: { HOME: home, KUBECONFIG } });
}

describe('where it is looked for', () => {
  test('the named file, then KUBECONFIG, then the home folder', () => {
    const named = write('named', config('named', 'named'));
    const listed = write('listed', config('listed', 'listed'));
    write('.kube/config', config('usual', 'usual', 'shop'));
    expect(find({ path: named, KUBECONFIG: listed }).getCurrentContext()).toBe('named');
    expect(find({ KUBECONFIG: listed }).getCurrentContext()).toBe('listed');
    expect(currentNamespace(find({ KUBECONFIG: listed }))).toBe('default');
    expect(find({}).getCurrentContext()).toBe('usual');
    expect(currentNamespace(find({}))).toBe('shop');
  });

  test('a list is merged as kubectl does: the first wins, a missing file is none', () => {
    const first = write('first', config('same', 'same'));
    const second = write('second', { ...config('same', 'same'), users: [] });
    const third = write('third', config('third', 'third'));
    const merged = find({ KUBECONFIG: ['/nowhere', first, second, third].join(delimiter) });
    expect(merged.getCurrentContext()).toBe('same');
    expect(merged.getContexts().map(({ name }) => name)).toEqual(['same', 'third']);
  });

  test('another context than the current one', () => {
    const path = [write('a', config('a', 'a')), write('b', config('b', 'b'))].join(delimiter);
    expect(find({ KUBECONFIG: path, context: 'b' }).getCurrentCluster()?.server).toBe(
      'https://b.example',
    );
  });
});

describe('one line for what is wrong', () => {
  test.each([
    [() => ({ path: '/nowhere/config' }), 'no-kubeconfig', '/nowhere/config does not exist'],
    [() => ({ KUBECONFIG: '/nowhere' }), 'no-kubeconfig', 'KUBECONFIG points to /nowhere'],
    [() => ({ path: write('empty', '') }), 'bad-kubeconfig', 'it is empty'],
    [() => ({ path: write('broken', '{') }), 'bad-kubeconfig', 'is not a kubeconfig'],
    [() => ({ path: home }), 'bad-kubeconfig', 'it is a folder'],
    [() => ({ path: write('nothing', {}) }), 'bad-kubeconfig', 'no context'],
    [() => ({ path: write('x', config('x', '')) }), 'no-context', '--context: x'],
    [() => ({ path: write('x', config('x', 'x')), context: 'y' }), 'no-context', '"y"'],
    [
      () => ({ path: write('lost', { ...config('x', 'x'), clusters: [] }) }),
      'bad-kubeconfig',
      'the cluster "x"',
    ],
  ])('%s', (options, code, text) => {
    let error: unknown;
    try {
      find(options());
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(text);
    expect((error as Error).message).not.toContain('\n');
  });
});
