// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the grid pattern of ARIA is kept
/** One line of the list. Cells are plain text: what they offer is drawn by `CellActions` when pointed at. */
import { type CSSProperties, memo, type ReactNode, useCallback, useSyncExternalStore } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { senderOf } from '../data/messages.ts';
import { session } from '../data/session.ts';
import { duration, headAndTail } from '../ui/format.ts';
import { BrokenIcon } from '../ui/icons.tsx';
import { type Column, slowAfter, statusClass } from './columns.ts';
import { type EndSide, foreignNamespace, hostText } from './ends.ts';

interface RowProps {
  readonly row: EntryRow;
  readonly columns: readonly Column[];
  readonly index: number;
  readonly top: number;
  readonly chosen: boolean;
  /** Cell the keyboard is on, when this is the chosen row; else -1. */
  readonly column: number;
  readonly marked: boolean;
  readonly colour: string;
}

/** How often a waiting row counts, ms. */
const countEvery = 100;
/** A request older than this is from a file or was never answered: counting would say nothing. */
const countAtMost = 3_600_000;

function subscribeToClock(listener: () => void): () => void {
  const timer = window.setInterval(listener, countEvery);
  return () => window.clearInterval(timer);
}

function Waiting({ since }: { readonly since: number }) {
  const read = useCallback(() => Math.floor((session.now() - since) / countEvery), [since]);
  const elapsed = useSyncExternalStore(subscribeToClock, read) * countEvery;
  if (elapsed > countAtMost) return <span className="dim">pending</span>;
  return <span className="dim">{duration(Math.max(0, elapsed))}</span>;
}

/**
 * The content of cells is made by plain functions: a component for each would be hundreds in every frame of a
 * list that is scrolled.
 */
function cellContent(row: EntryRow, column: Column): ReactNode {
  switch (column.id) {
    case 'elapsed':
      return row.outcome === 'pending' ? <Waiting since={row.timestamp} /> : column.text(row);
    case 'target':
      return targetContent(row);
    case 'method':
      return methodContent(row);
    case 'source':
      return endContent(row, 'src');
    case 'destination':
      return endContent(row, 'dst');
    default:
      return column.text(row);
  }
}

/** A message stands under its call, with an arrow for its way: up to the server, down to the client. */
function methodContent(row: EntryRow): ReactNode {
  if (row.parent === '') return methodName(row.method);
  const sender = senderOf(row);
  return (
    <>
      <span className="way" aria-hidden="true">
        {sender === 'client' ? '↑' : '↓'}
      </span>
      <span className="hidden-text">{`message from the ${sender}: `}</span>
      {row.method}
    </>
  );
}

/** `connection tune`: where there is no room for both words, the last one stays. */
function methodName(name: string): ReactNode {
  const at = name.lastIndexOf(' ');
  if (at < 0) return name;
  return (
    <span className="method-words">
      <span className="method-head">{name.slice(0, at)}</span>
      <span className="method-tail">{name.slice(at)}</span>
    </span>
  );
}

/** `→ payments`, with its namespace where the caller is of another one. The style sheet draws the arrow. */
function endContent(row: EntryRow, side: EndSide): ReactNode {
  const namespace = foreignNamespace(row, side);
  const name =
    row[side].name === '' ? (
      <span className="end-address">
        <span className="end-ip">{hostText(row[side])}</span>
        <span>:{row[side].port}</span>
      </span>
    ) : (
      <span className="end-name">{row[side].name}</span>
    );
  if (namespace === '') return name;
  return (
    <>
      {name}
      <span className="end-namespace">{` ${namespace}`}</span>
    </>
  );
}

function targetContent(row: EntryRow): ReactNode {
  // Of a message that is a text, the beginning says most.
  const isText = row.parent !== '' && !row.target.startsWith('/');
  const [head, tail] = isText ? [row.target, ''] : headAndTail(row.target);
  const isUnseen = row.target === '' && row.outcome === 'no request';
  return (
    <>
      <span className={isUnseen ? 'target-head dim' : 'target-head'}>
        {isUnseen ? 'request not seen' : head}
      </span>
      {tail !== '' && <span className="target-tail">{tail}</span>}
      {row.incomplete.length > 0 && (
        <span className="broken-mark amber" data-tip={row.incomplete.join('\n')}>
          <BrokenIcon size={13} />
          <span className="hidden-text">incomplete: {row.incomplete.join(', ')}</span>
        </span>
      )}
      {row.demo && <span className="demo-mark">demo</span>}
    </>
  );
}

function cellClass(row: EntryRow, column: Column): string {
  const base = `cell cell-${column.id}${column.number ? ' number' : ''}`;
  if (column.id === 'status') return `${base} ${statusClass(row)}`;
  if (column.id === 'elapsed')
    return `${base} ${(row.elapsedTime ?? 0) >= slowAfter ? 'amber' : ''}`;
  if (column.id === 'destination' && row.parent !== '' && senderOf(row) === 'server')
    return `${base} back`;
  return base;
}

/** The style sheet makes it visible on the background, whatever colour a protocol has chosen. */
export function protocolColour(colour: string): CSSProperties {
  return { '--protocol': colour } as CSSProperties;
}

export const Row = memo(function Row(props: RowProps) {
  const { row, columns, index, top, chosen, column, marked, colour } = props;
  const failed = row.outcome === 'failed' || row.outcome === 'no response';
  const isMessage = row.parent === '' ? '' : ' of-call';
  const state = `${isMessage}${chosen ? ' chosen' : ''}${failed ? ' failed' : ''}${marked ? ' marked' : ''}`;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active cell
    <div
      id={`row-${row.id}`}
      role="row"
      className={`row${state}`}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-index={index}
      style={{ top }}
    >
      {columns.map((definition, at) => (
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        <div
          key={definition.id}
          id={`cell-${row.id}-${at}`}
          role="gridcell"
          className={cellClass(row, definition) + (at === column ? ' at' : '')}
          data-column={at}
          style={definition.id === 'proto' ? protocolColour(colour) : undefined}
        >
          {cellContent(row, definition)}
        </div>
      ))}
    </div>
  );
});
