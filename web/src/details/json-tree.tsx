/** A JSON body as a tree of which only the lines on screen exist. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import type { Value } from '../../../src/dissect/contract.ts';
import { ValueActions } from '../ui/value-actions.tsx';
import { type JsonIndex, Kind, pathOf, unquote, visibleNodes } from './json-index.ts';
import { useFound } from './search.tsx';

const lineHeight = 20;
/** Values up to this many are opened at first; of larger texts only the first levels. */
const openAtFirst = 300;
/** Characters of a text shown in its line. */
const shownText = 1_000;
/** Lines without a scroll bar of their own. */
const mostLines = 22;

interface Props {
  readonly index: JsonIndex;
  /** Query path of the outermost value, or undefined when it cannot be filtered by. */
  readonly path: string | undefined;
  readonly search: string;
  /** What the tree is called, for screen readers. */
  readonly label?: string;
}

function firstOpen(index: JsonIndex): (node: number) => boolean {
  if (index.count <= openAtFirst) return () => true;
  return (node) => index.depth[node]! < 2 && index.members[node]! <= openAtFirst;
}

const atFirst = (index: JsonIndex) => ({
  index,
  rule: firstOpen(index),
  /** The rule is not that of the first time. */
  isChosen: false,
  flipped: new Set<number>(),
});

/** Which objects and arrays are open: the rule for the first time, and what was changed by hand. */
function useOpen(index: JsonIndex) {
  const [state, setState] = useState(() => atFirst(index));
  let current = state;
  // More of the same text is known: what was opened and closed by hand stays so.
  if (state.index.text !== index.text) current = atFirst(index);
  else if (state.index !== index)
    current = { ...state, index, ...(!state.isChosen && { rule: firstOpen(index) }) };
  if (current !== state) setState(current);
  const isOpen = (node: number) => current.rule(node) !== current.flipped.has(node);
  return {
    isOpen,
    key: current,
    toggle(node: number) {
      const flipped = new Set(current.flipped);
      if (!flipped.delete(node)) flipped.add(node);
      setState({ ...current, flipped });
    },
    all: (open: boolean) =>
      setState({ index, rule: () => open, isChosen: true, flipped: new Set() }),
    /** Opens everything around a value. */
    reveal(node: number) {
      const flipped = new Set(current.flipped);
      for (let at = index.parent[node]!; at >= 0; at = index.parent[at]!) {
        if (current.rule(at) === flipped.has(at)) {
          if (!flipped.delete(at)) flipped.add(at);
        }
      }
      setState({ ...current, flipped });
    },
  };
}

/** Values whose name or own text has the searched text. */
function searchNodes(index: JsonIndex, search: string): number[] {
  const wanted = search.toLowerCase();
  const found: number[] = [];
  if (wanted === '') return found;
  for (let node = 0; node < index.count && found.length < 10_000; node++) {
    const isOuter = index.kind[node] === Kind.Object || index.kind[node] === Kind.Array;
    const to = isOuter ? index.nameTo[node]! : index.to[node]!;
    const from =
      index.nameTo[node]! > index.nameFrom[node]! ? index.nameFrom[node]! : index.from[node]!;
    if (to > from && index.text.slice(from, to).toLowerCase().includes(wanted)) found.push(node);
  }
  return found;
}

export function JsonTree({ index, path, search, label = 'JSON' }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const open = useOpen(index);
  const [active, setActive] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is open
  const nodes = useMemo(() => visibleNodes(index, open.isOpen), [index, open.key]);
  const matches = useMemo(() => searchNodes(index, search), [index, search]);
  const found = useMemo(() => new Set(matches), [matches]);
  const virtualizer = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 10,
    useFlushSync: false,
  });
  useFound(matches, (node) => {
    open.reveal(node);
    requestAnimationFrame(() => {
      const shown = visibleNodes(index, (at) => open.isOpen(at) || isAround(index, at, node));
      const at = shown.indexOf(node);
      setActive(at);
      virtualizer.scrollToIndex(at, { align: 'center' });
    });
  });
  const onKey = (event: KeyboardEvent) => {
    const at = moved(event, { index, nodes, active, open });
    if (at === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setActive(at);
    virtualizer.scrollToIndex(at);
  };

  return (
    <div className="json">
      <div className="body-tools">
        <button type="button" className="button small" onClick={() => open.all(true)}>
          open all
        </button>
        <button type="button" className="button small" onClick={() => open.all(false)}>
          close all
        </button>
      </div>
      <div
        ref={scroller}
        className="body-scroll scrolls"
        role="tree"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={`${prefix}-${nodes[active] ?? 0}`}
        onKeyDown={onKey}
        style={{ height: Math.min(nodes.length, mostLines) * lineHeight + 4 }}
      >
        <div
          role="presentation"
          style={{ height: virtualizer.getTotalSize(), position: 'relative' }}
        >
          {virtualizer.getVirtualItems().map((item) => {
            const node = nodes[item.index]!;
            return (
              <Line
                key={node}
                id={`${prefix}-${node}`}
                index={index}
                node={node}
                top={item.start}
                path={path}
                isOpen={open.isOpen(node)}
                isFound={found.has(node)}
                isActive={item.index === active}
                onToggle={() => {
                  setActive(item.index);
                  open.toggle(node);
                }}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function isAround(index: JsonIndex, outer: number, node: number): boolean {
  return outer < node && node < index.next[outer]!;
}

interface Position {
  readonly index: JsonIndex;
  readonly nodes: Int32Array;
  readonly active: number;
  readonly open: { isOpen(node: number): boolean; toggle(node: number): void };
}

/** The line that a key leads to, or undefined when the key is not the tree's. */
function moved(event: KeyboardEvent, { index, nodes, active, open }: Position): number | undefined {
  const node = nodes[active] ?? 0;
  const isOuter = index.members[node]! > 0;
  switch (event.key) {
    case 'ArrowDown':
      return Math.min(nodes.length - 1, active + 1);
    case 'ArrowUp':
      return Math.max(0, active - 1);
    case 'Home':
      return 0;
    case 'End':
      return nodes.length - 1;
    case 'Enter':
    case 'ArrowRight':
    case 'ArrowLeft': {
      const opens = event.key !== 'ArrowLeft';
      if (isOuter && (event.key === 'Enter' || open.isOpen(node) !== opens)) open.toggle(node);
      else if (!opens) return Math.max(0, nodes.indexOf(index.parent[node]!));
      return active;
    }
    default:
      return undefined;
  }
}

interface LineProps {
  readonly id: string;
  readonly index: JsonIndex;
  readonly node: number;
  readonly top: number;
  readonly path: string | undefined;
  readonly isOpen: boolean;
  readonly isFound: boolean;
  readonly isActive: boolean;
  readonly onToggle: () => void;
}

function scalarOf(index: JsonIndex, node: number): Value {
  const text = index.text.slice(index.from[node], index.to[node]);
  if (index.kind[node] === Kind.String) return unquote(text);
  if (index.kind[node] === Kind.Number) {
    const number = Number(text);
    return Number.isSafeInteger(number) || !Number.isInteger(number) ? number : text;
  }
  return text === 'null' ? null : text === 'true' ? true : text === 'false' ? false : text;
}

function Line(props: LineProps) {
  const { id, index, node, top, path, isOpen, isFound, isActive, onToggle } = props;
  const isOuter = index.kind[node] === Kind.Object || index.kind[node] === Kind.Array;
  const name = index.text.slice(index.nameFrom[node], index.nameTo[node]);
  const hasMembers = index.members[node]! > 0;
  return (
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={index.depth[node]! + 1}
      {...(hasMembers ? { 'aria-expanded': isOpen } : {})}
      aria-selected={isActive}
      data-value-actions=""
      className={`json-line${isFound ? ' found' : ''}${isActive ? ' active' : ''}`}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 4 + index.depth[node]! * 14 }}
      onClick={hasMembers && getSelection()?.isCollapsed !== false ? onToggle : undefined}
      onKeyDown={undefined}
    >
      <span className={`json-twist${isOpen ? ' open' : ''}`} aria-hidden="true">
        {hasMembers ? '▸' : ''}
      </span>
      {name !== '' && <span className="json-name">{name.slice(1, -1)}: </span>}
      {isOuter ? (
        <Outer index={index} node={node} isOpen={isOpen} />
      ) : (
        <Scalar index={index} node={node} />
      )}
      <LineActions index={index} node={node} path={path} isOuter={isOuter} />
    </div>
  );
}

interface ActionProps {
  readonly index: JsonIndex;
  readonly node: number;
  readonly path: string | undefined;
  readonly isOuter: boolean;
}

function LineActions({ index, node, path, isOuter }: ActionProps) {
  // The path is worked out only for lines on screen: arrays have to be counted through.
  const full = useMemo(
    () => (path === undefined || isOuter ? undefined : `${path}${pathOf(index, node)}`),
    [index, node, path, isOuter],
  );
  const text = index.text.slice(index.from[node], index.to[node]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: keeps clicks on the buttons from opening the line
    <span className="line-actions" onClick={(event) => event.stopPropagation()}>
      <ValueActions
        path={full}
        value={isOuter ? undefined : scalarOf(index, node)}
        copy={index.kind[node] === Kind.String ? unquote(text) : text}
      />
    </span>
  );
}

function Outer({
  index,
  node,
  isOpen,
}: {
  readonly index: JsonIndex;
  readonly node: number;
  readonly isOpen: boolean;
}) {
  const isArray = index.kind[node] === Kind.Array;
  const members = index.members[node]!;
  if (members === 0) return <span className="dim">{isArray ? '[]' : '{}'}</span>;
  const word = isArray ? 'item' : 'field';
  return (
    <span className="dim">
      {isArray ? '[' : '{'}
      {!isOpen && (isArray ? '…]' : '…}')}{' '}
      <span className="json-count">
        {members} {word}
        {members === 1 ? '' : 's'}
        {!index.isWhole && index.to[node] === 0 && ' so far'}
      </span>
    </span>
  );
}

function Scalar({ index, node }: { readonly index: JsonIndex; readonly node: number }) {
  const kind = index.kind[node];
  const colour =
    kind === Kind.String ? 'query-text' : kind === Kind.Number ? 'query-number' : 'query-constant';
  const text = index.text.slice(
    index.from[node],
    Math.min(index.to[node]!, index.from[node]! + shownText),
  );
  const isCut = index.to[node]! - index.from[node]! > shownText;
  return (
    <span className={colour}>
      {text}
      {isCut && '…'}
    </span>
  );
}
