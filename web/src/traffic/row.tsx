// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the grid pattern of ARIA is kept
/** One line of the list. Cells are plain text: what they offer is drawn by `CellActions` when pointed at. */
import { type CSSProperties, memo, useCallback, useSyncExternalStore } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { senderOf } from '../data/messages.ts';
import { session } from '../data/session.ts';
import { duration, headAndTail } from '../ui/format.ts';
import { ArrowIcon, BackIcon, BrokenIcon, ReceivedIcon, SentIcon } from '../ui/icons.tsx';
import { type Column, slowAfter, statusClass } from './columns.ts';
import { foreignNamespace, hostText } from './ends.ts';

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

function CellContent({ row, column }: { readonly row: EntryRow; readonly column: Column }) {
  if (column.id === 'elapsed' && row.outcome === 'pending')
    return <Waiting since={row.timestamp} />;
  if (column.id === 'target') return <Target row={row} />;
  if (column.id === 'method') return <Method row={row} />;
  if (column.id === 'source') return <End row={row} side="src" />;
  if (column.id === 'destination') return <End row={row} side="dst" />;
  return column.text(row);
}

/** A message stands under its call, with an arrow for its way: up to the server, down to the client. */
function Method({ row }: { readonly row: EntryRow }) {
  if (row.parent === '') return <MethodName name={row.method} />;
  const sender = senderOf(row);
  return (
    <>
      {sender === 'client' ? <SentIcon size={11} /> : <ReceivedIcon size={11} />}
      <span className="hidden-text">{`message from the ${sender}: `}</span>
      {row.method}
    </>
  );
}

/** `connection tune`: where there is no room for both words, the last one stays. */
function MethodName({ name }: { readonly name: string }) {
  const at = name.lastIndexOf(' ');
  if (at < 0) return name;
  return (
    <span className="method-words">
      <span className="method-head">{name.slice(0, at)}</span>
      <span className="method-tail">{name.slice(at)}</span>
    </span>
  );
}

/** `→ payments`, with its namespace where the caller is of another one. */
function End({ row, side }: { readonly row: EntryRow; readonly side: 'src' | 'dst' }) {
  const namespace = foreignNamespace(row, side);
  const isBack = row.parent !== '' && senderOf(row) === 'server';
  return (
    <>
      {side === 'dst' && (isBack ? <BackIcon size={11} /> : <ArrowIcon size={11} />)}
      {row[side].name === '' ? (
        <span className="end-address">
          <span className="end-ip">{hostText(row[side])}</span>
          <span>:{row[side].port}</span>
        </span>
      ) : (
        <span className="end-name">{row[side].name}</span>
      )}
      {namespace !== '' && <span className="end-namespace">{` ${namespace}`}</span>}
    </>
  );
}

function Target({ row }: { readonly row: EntryRow }) {
  // Of a message that is a text, the beginning says most.
  const isText = row.parent !== '' && !row.target.startsWith('/');
  const [head, tail] = isText ? [row.target, ''] : headAndTail(row.target);
  return (
    <>
      <span className="target-head">{head}</span>
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
      style={{ transform: `translateY(${top}px)` }}
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
          <CellContent row={row} column={definition} />
        </div>
      ))}
    </div>
  );
});
