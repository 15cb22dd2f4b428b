// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the treegrid pattern of ARIA is kept
/** Namespaces, workloads and pods: what is tapped, and of the rest why not. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { TargetChoice, Targets } from '../../../src/serve/api.ts';
import { SearchIcon } from '../ui/icons.tsx';
import { type Line, linesOf, type Shown } from './lines.ts';
import { TreeLine } from './tree-line.tsx';

const lineHeight = 24;
const pageLines = 15;

interface Props {
  readonly targets: Targets;
  readonly choice: TargetChoice;
  readonly onChange: (choice: TargetChoice) => void;
}

/** What of the tree is shown, which line the keyboard is on, and what is open. */
function useLines(targets: Targets) {
  const [shown, setShown] = useState<Shown>('all');
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(() => new Set());
  const [active, setActive] = useState('');
  const lines = useMemo(
    () => linesOf(targets, { shown, search, flipped }),
    [targets, shown, search, flipped],
  );
  const at = lines.findIndex(({ key }) => key === active);
  return {
    lines,
    at: Math.max(0, at),
    setActive,
    empty: emptyText(targets, search, shown),
    flip(line: Line) {
      setActive(line.key);
      if (line.kind === 'pod') return;
      const next = new Set(flipped);
      if (!next.delete(line.key)) next.add(line.key);
      setFlipped(next);
    },
    head: {
      text,
      onText: setText,
      shown,
      onShown(next: Shown) {
        setShown(next);
        setFlipped(new Set());
      },
    },
  };
}

export function TargetTree({ targets, choice, onChange }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const { lines, at, setActive, empty, flip, head } = useLines(targets);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 12,
    useFlushSync: false,
  });
  const go = (index: number) => {
    const line = lines[Math.min(lines.length - 1, Math.max(0, index))];
    if (line === undefined) return;
    setActive(line.key);
    virtualizer.scrollToIndex(lines.indexOf(line));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    if (press(event.key, { lines, at, go, flip })) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <section className="target-tree" aria-label="Pods">
      <TreeHead {...head} />
      <div
        ref={scroller}
        className="tree-scroll scrolls"
        role="treegrid"
        aria-label="Targets"
        aria-rowcount={lines.length + 1}
        tabIndex={0}
        aria-activedescendant={lines[at] && `target-${lines[at].key}`}
        onKeyDown={onKey}
      >
        <Heads />
        {lines.length === 0 ? (
          <p className="tree-empty dim">{empty}</p>
        ) : (
          <div
            role="rowgroup"
            className="tree-lines"
            style={{ height: virtualizer.getTotalSize() }}
          >
            {virtualizer.getVirtualItems().map(({ index, start }) => (
              <TreeLine
                key={lines[index]!.key}
                line={lines[index]!}
                targets={targets}
                top={start}
                isActive={index === at}
                choice={choice}
                onChange={onChange}
                onFlip={flip}
              />
            ))}
          </div>
        )}
      </div>
    </section>
  );
}

interface HeadProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly shown: Shown;
  readonly onShown: (shown: Shown) => void;
}

function TreeHead({ text, onText, shown, onShown }: HeadProps) {
  return (
    <div className="targets-head">
      <h2>Pods</h2>
      <span className="body-search">
        <SearchIcon size={12} />
        <input
          id="find-target"
          aria-label="Find a namespace, workload, pod or node"
          placeholder="find (/)"
          value={text}
          onChange={(event) => onText(event.target.value)}
        />
      </span>
      <fieldset className="views">
        <legend className="hidden-text">Show</legend>
        {(['all', 'tapped', 'not tapped'] as const).map((word) => (
          <button
            key={word}
            type="button"
            className="button small"
            aria-pressed={word === shown}
            onClick={() => onShown(word)}
          >
            {word}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function emptyText(targets: Targets, search: string, shown: Shown): string {
  if (search !== '') return `No pod, workload, namespace or node has “${search}” in its name.`;
  if (shown === 'tapped') return 'No pod is tapped.';
  if (shown === 'not tapped') return 'Every pod is tapped.';
  return targets.notices.length > 0
    ? 'No pod can be seen with the rights that Mizu has.'
    : 'There is no pod yet. Those that come appear here, and are tapped when they match.';
}

interface Keys {
  readonly lines: readonly Line[];
  readonly at: number;
  readonly go: (index: number) => void;
  readonly flip: (line: Line) => void;
}

/** True when the key is the tree's. */
function press(key: string, { lines, at, go, flip }: Keys): boolean {
  const line = lines[at];
  const isOuter = line !== undefined && line.kind !== 'pod';
  switch (key) {
    case 'ArrowDown':
    case 'j':
      go(at + 1);
      return true;
    case 'ArrowUp':
    case 'k':
      go(at - 1);
      return true;
    case 'PageDown':
      go(at + pageLines);
      return true;
    case 'PageUp':
      go(at - pageLines);
      return true;
    case 'Home':
      go(0);
      return true;
    case 'End':
      go(lines.length - 1);
      return true;
    case ' ':
      // What the line offers: to tap it, or to leave it out.
      document
        .getElementById(`target-${line?.key}`)
        ?.querySelector<HTMLButtonElement>('[data-add]')
        ?.click();
      return true;
    case 'Enter':
      if (isOuter) flip(line);
      return isOuter;
    case 'ArrowRight':
      if (isOuter && !line.isOpen) flip(line);
      return true;
    case 'ArrowLeft':
      if (isOuter && line.isOpen) flip(line);
      else go(outerOf(lines, at));
      return true;
    default:
      return false;
  }
}

const depthOf = (line: Line) =>
  line.kind === 'namespace' ? 0 : line.kind === 'workload' ? 1 : line.depth;

function outerOf(lines: readonly Line[], at: number): number {
  const depth = lines[at] === undefined ? 0 : depthOf(lines[at]);
  for (let outer = at - 1; outer >= 0; outer--) if (depthOf(lines[outer]!) < depth) return outer;
  return at;
}

function Heads() {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the treegrid has the focus
    <div className="tree-line tree-heads" role="row" aria-rowindex={1}>
      {['name', 'tapped', 'node', 'phase', 'why not'].map((title) => (
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        <span key={title} role="columnheader">
          {title}
        </span>
      ))}
    </div>
  );
}
