/** `Tapping 12 / 14 pods in namespaces default, shop`: a card with the pods, and the way to change them. */
import { useEffect, useRef, useState } from 'react';
import type { TargetedPod } from '../../../src/serve/api.ts';
import { useObserved } from '../data/observable.ts';
import { goTo } from '../data/place.ts';
import { useIsCluster, useSilentNodes, useTargets } from '../data/targets.ts';
import { tappingText, targetsState } from '../data/targets-state.ts';
import { integer, plural } from '../ui/format.ts';

/** How long the pointer rests until the card opens, and may be away, ms. */
const delays = { open: 300, close: 200 } as const;
/** Pods listed in the card; all of them are on the page of targets. */
const mostPods = 100;

export function TappingItem() {
  const summary = useObserved(targetsState, (state) => state.summary);
  const [isOpen, setOpen] = useState(false);
  const timer = useRef(0);
  const later = (open: boolean) => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setOpen(open), open ? delays.open : delays.close);
  };
  useEffect(() => () => window.clearTimeout(timer.current), []);
  if (summary === undefined) return null;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same by keyboard
    <span
      className="tapping"
      onPointerEnter={() => later(true)}
      onPointerLeave={() => later(false)}
      onFocus={({ target }) => target.matches(':focus-visible') && later(true)}
      onBlur={() => later(false)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          setOpen(false);
        }
      }}
    >
      <button
        type="button"
        className="status-button"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(false);
          window.clearTimeout(timer.current);
          goTo('targets');
        }}
      >
        {tappingText(summary)}
      </button>
      {isOpen && <PodCard />}
    </span>
  );
}

function PodCard() {
  const { data, error } = useTargets(true);
  if (data === undefined) {
    return <div className="pod-card dim">{error === null ? 'Reading …' : error.message}</div>;
  }
  const { pods, summary } = data.targets;
  const places = new Set(summary.namespaces);
  const own = pods.filter(
    (pod) =>
      pod.tapped || (pod.reason !== 'mizu' && (summary.allNamespaces || places.has(pod.namespace))),
  );
  // What is not tapped is what somebody looks for here.
  const ordered = [...own.filter(({ tapped }) => !tapped), ...own.filter(({ tapped }) => tapped)];
  const more = ordered.length - mostPods;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="pod-card scrolls" aria-label="Pods" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">pod</th>
            <th scope="col">namespace</th>
            <th scope="col">tapping</th>
          </tr>
        </thead>
        <tbody>
          {ordered.slice(0, mostPods).map((pod) => (
            <PodLine key={`${pod.namespace}/${pod.name}`} pod={pod} />
          ))}
        </tbody>
      </table>
      {ordered.length === 0 && <p className="dim">No pod matches what was chosen.</p>}
      <p className="dim">
        {more > 0 && `and ${integer(more)} more · `}click to see all and to change what is tapped
      </p>
    </section>
  );
}

function PodLine({ pod }: { readonly pod: TargetedPod }) {
  return (
    <tr>
      <td className="mono">{pod.name}</td>
      <td>{pod.namespace}</td>
      <td className={pod.tapped ? 'green' : 'dim'}>{pod.tapped ? 'yes' : pod.explanation}</td>
    </tr>
  );
}

/** Nodes that should be tapped and are not. */
export function SilentItem() {
  const isCluster = useIsCluster();
  return isCluster ? <Silent /> : null;
}

function Silent() {
  const nodes = useSilentNodes();
  if (nodes.length === 0) return null;
  const tip = nodes.map(({ name, reason }) => `${name}: ${reason}`);
  return (
    <span className="red" data-tip={tip.join('\n')}>
      {plural(nodes.length, 'node')} not tapped
    </span>
  );
}
