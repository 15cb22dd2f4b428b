import { describe, expect, test } from 'vitest';
import type { PodFact } from '../resolve/cluster/facts.ts';
import { podObject } from '../resolve/cluster/test-support.ts';
import { podFact } from '../resolve/cluster/trim.ts';
import { addressesByNode } from './change.ts';
import { TargetFollower } from './follow.ts';

class Pods {
  readonly #pods = new Map<string, PodFact>();
  readonly #listeners = new Set<() => void>();

  pods() {
    return this.#pods.values();
  }

  onPods(listener: () => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(name: string, ip: string, node = 'node-1'): this {
    this.#pods.set(name, podFact(podObject(name, { ip, node }))!);
    return this.tell();
  }

  remove(name: string): this {
    this.#pods.delete(name);
    return this.tell();
  }

  tell(): this {
    for (const listener of this.#listeners) listener();
    return this;
  }
}

function follow(source: Pods) {
  const changes: string[] = [];
  const selection = { namespaces: ['shop'], regex: '' };
  const follower = new TargetFollower({
    source,
    selection,
    settleMs: 5,
    onChange: ({ added, removed, moved }) => {
      const all = [
        ...added.map(({ name }) => `+${name}`),
        ...removed.map(({ name }) => `-${name}`),
        ...moved.map(({ name }) => `~${name}`),
      ];
      changes.push(all.join(' '));
    },
  });
  return { follower, changes };
}

describe('following targets', () => {
  test('the first are there at once; a swarm of changes is told once', async () => {
    const source = new Pods().put('one', '10.1.0.1');
    const { follower, changes } = follow(source);
    expect(follower.current.targets).toHaveLength(1);
    source.put('two', '10.1.0.2').put('three', '10.1.0.3').remove('one');
    await expect.poll(() => changes).toEqual(['+three +two -one']);
    follower.stop();
  });

  test('a pod with another address or node has moved; what means nothing is not told', async () => {
    const source = new Pods().put('one', '10.1.0.1').put('two', '10.1.0.2');
    const { follower, changes } = follow(source);
    source.tell();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(changes).toEqual([]);
    source.put('one', '10.1.0.9').put('two', '10.1.0.2', 'node-2');
    await expect.poll(() => changes).toEqual(['~one ~two']);
    expect([...addressesByNode(follower.current)]).toEqual([
      ['node-1', ['10.1.0.9']],
      ['node-2', ['10.1.0.2']],
    ]);
    follower.stop();
  });

  test('another selection holds at once; one that cannot be used changes nothing', () => {
    const { follower, changes } = follow(new Pods().put('one', '10.1.0.1').put('two', '10.1.0.2'));
    follower.select({ namespaces: ['shop'], regex: 'two' });
    expect(changes).toEqual(['-one']);
    expect(() => follower.select({ namespaces: [], regex: '(' })).toThrow('The pod regex');
    expect(follower.selection.regex).toBe('two');
    expect(follower.current.targets.map(({ pod }) => pod.name)).toEqual(['two']);
    follower.stop();
  });

  test('ends when it is stopped', async () => {
    const source = new Pods();
    const { follower, changes } = follow(source);
    source.put('one', '10.1.0.1');
    follower.stop();
    source.put('two', '10.1.0.2');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(changes).toEqual([]);
  });
});
