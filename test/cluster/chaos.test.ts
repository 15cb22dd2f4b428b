import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryRow } from '../../src/entry/entry.ts';
import { type Done, openShop, podsOf, type Shop, startStream } from './shop.ts';
import {
  deleteNamespace,
  imageOptions,
  isLong,
  kubectl,
  mizu,
  newNamespace,
  noCluster,
  ownCluster,
  resourcesIn,
  Session,
  say,
  sleep,
  tellLogsOfFailures,
  traces,
  until,
} from './support.ts';

const runs = noCluster === undefined && isLong;
/** Calls a second while something breaks. */
const rate = 100;

interface Nodes {
  readonly nodes: {
    readonly name: string;
    readonly running: boolean;
    readonly state: string;
    readonly shed: number;
    readonly dropped: number;
    readonly pod: string;
  }[];
}
interface Counted {
  readonly capture: { readonly dropped: number };
  readonly ship: { readonly shedRows: number };
  readonly store: { readonly shed: number };
  readonly reassemble: { readonly holes: number };
  readonly join: Readonly<Record<string, number>>;
}

describe.skipIf(!runs)('what breaks while calls are made', () => {
  const { namespace, options } = resourcesIn('chaos');
  tellLogsOfFailures(namespace);
  let shop: Shop;
  let view: Session;

  beforeAll(async () => {
    shop = await openShop(newNamespace('chaos'));
    // Not on the node that is cut off.
    const place = `api-server.node-selector={"kubernetes.io/hostname":"${shop.nodes[0]}"}`;
    const words = ['-n', shop.namespace, '--set', place];
    const run = mizu(['install', ...options, ...imageOptions, ...words]);
    expect(await run.ended, run.output).toBe(0);
    view = new Session(['view', '--headless', '-p', '0', ...options]);
    await view.ready();
    await view.capturing(2);
  });
  afterAll(async () => {
    await view?.stop();
    deleteNamespace(shop.namespace);
    const clean = mizu(['clean', ...options]);
    expect(await clean.ended, clean.output).toBe(0);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  const mizuPod = (name: string, node?: string) =>
    podsOf(namespace).find(
      ({ metadata, spec }) =>
        metadata.name.includes(name) && (node === undefined || spec.nodeName === node),
    )!.metadata.name;

  /** Calls of both kinds to both nodes while `harm` is done; what was stored of them. */
  async function count(name: string, harm: () => Promise<void>): Promise<Counts> {
    const [here, there] = shop.nodes.map((node) => shop.pods[node]!.ip);
    const before = await shown();
    const stream = startStream(shop.namespace, rate, {
      [`${name}-same`]: `http://${here}:8080`,
      [`${name}-across`]: `http://${there}:8080`,
      [`${name}-service`]: 'http://cart',
    });
    await sleep(3000);
    await harm();
    await sleep(3000);
    const done = await stream.end();
    await view.page.capturing(2);
    const paths = await settled(name);
    const after = await shown();
    const counts = countPaths(done, paths, after - before);
    const report = await view.get<Counted>('counters');
    say(
      `${name}: ${done.done} calls, ${done.failed.length} failed, ${counts.missing} missing, ` +
        `${counts.twice} twice, ${counts.shown} shown as lost`,
    );
    say(`  counters ${JSON.stringify({ ...report.capture, ...report.ship, ...report.join })}`);
    return counts;
  }

  /** All that the page says was lost. */
  async function shown(): Promise<number> {
    const { capture, ship, store } = await view.get<Counted>('counters');
    return capture.dropped + ship.shedRows + store.shed;
  }

  /** Paths of the stored calls once no more come. */
  async function settled(name: string): Promise<string[]> {
    let last = -1;
    return await until('no more calls come', async () => {
      const entries = await view.entries(`request.path startsWith "/${name}-"`);
      if (entries.length === last) {
        tellTwins(entries);
        return entries.map(({ target }) => target);
      }
      last = entries.length;
      await sleep(2500);
      return undefined;
    });
  }

  test('nothing: none is missing', async () => {
    const { missing, twice } = await count('calm', async () => undefined);
    expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
  });

  test('the API server is deleted: tappers keep what they see', async () => {
    const { missing, twice } = await count('server', async () => {
      kubectl(['delete', 'pod', mizuPod('api-server'), '-n', namespace]);
      kubectl(['rollout', 'status', 'deployment/mizu-api-server', '-n', namespace]);
      await until('the page is back', () => view.get('info').then(isThere, isAway));
    });
    expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
  });

  test('the API server is killed: what was not on disk yet comes again or is bounded', async () => {
    const { missing, twice } = await count('killed', async () => {
      const words = ['delete', 'pod', mizuPod('api-server'), '-n', namespace];
      kubectl([...words, '--grace-period=0', '--force']);
      kubectl(['rollout', 'status', 'deployment/mizu-api-server', '-n', namespace]);
      await until('the page is back', () => view.get('info').then(isThere, isAway));
    });
    expect(twice).toBe(0);
    expect(missing).toBeLessThan(2 * rate);
  });

  test("a tapper is killed: what is lost is its node's, until the next one runs", async () => {
    let gapSeconds = 0;
    const { missing, twice } = await count('tapper', async () => {
      const startedAt = performance.now();
      const name = mizuPod('tapper', shop.nodes[0]);
      kubectl(['delete', 'pod', name, '-n', namespace, '--grace-period=0', '--force']);
      await until('another one captures', async () => {
        const { nodes } = await view.get<Nodes>('targets');
        const state = nodes.find((node) => node.name === shop.nodes[0]);
        return (state?.running && state.pod !== name) || undefined;
      });
      gapSeconds = (performance.now() - startedAt) / 1000;
    });
    say(`  a tapper captured again after ${gapSeconds.toFixed(1)} s`);
    const { notices } = await view.get<{ notices: string[] }>('targets');
    expect(notices.join(' ')).toContain(`Nothing was read on ${shop.nodes[0]} from `);
    expect(twice).toBe(0);
    // Two thirds of the calls at most are seen by this node alone.
    expect(missing).toBeLessThanOrEqual(rate * (gapSeconds + 1));
  });

  test.skipIf(ownCluster === '')('a node is cut off for 20 s: it catches up', async () => {
    const node = shop.nodes[1]!;
    // This machine's end of the node's cable.
    const link = (state: string) => spawnSync('ip', ['link', 'set', `mizu-${node}`, state]);
    const {
      missing,
      twice,
      shown: lost,
    } = await count('cut', async () => {
      expect(link('down').status).toBe(0);
      try {
        await sleep(20_000);
      } finally {
        link('up');
      }
      await sleep(15_000);
    });
    expect(twice).toBe(0);
    expect(missing).toBeLessThanOrEqual(lost);
  });
});

function tellTwins(entries: readonly EntryRow[]): void {
  const groups = [...Map.groupBy(entries, ({ target }) => target).values()];
  for (const twins of groups.filter(({ length }) => length > 1).slice(0, 3)) {
    for (const twin of twins) say(`  twice: ${JSON.stringify(twin)}`);
  }
}

const isThere = () => true as const;
const isAway = () => undefined;

interface Counts {
  readonly missing: number;
  readonly twice: number;
  readonly shown: number;
}

/** A call that failed may have been seen or not: its answer was lost, or it never left. */
function countPaths({ done, failed }: Done, paths: readonly string[], shown: number): Counts {
  const distinct = new Set(paths);
  const unsure = new Set(failed);
  const seen = [...distinct].filter((path) => !unsure.has(path)).length;
  return { missing: done - seen, twice: paths.length - distinct.size, shown };
}
