/** The head of the details pane: what the call was, and between whom. */
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { EntryDetails, Labels } from '../../../src/serve/api.ts';
import { senderOf } from '../data/messages.ts';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { protocolOf, statusName, versionText } from '../data/protocol-of.ts';
import { useProtocols } from '../data/queries.ts';
import { settings } from '../data/settings.ts';
import { filterBy } from '../query-bar/control.ts';
import { comparison } from '../query-bar/language.ts';
import { seenText, slowAfter, statusClass, statusText } from '../traffic/columns.ts';
import {
  addressText,
  type EndFact,
  type EndSide,
  endFacts,
  endpointText,
  endQuery,
  kindText,
} from '../traffic/ends.ts';
import { showCall, showMessages } from '../traffic/moves.ts';
import { bytes, clockTime, duration, exactTime, headAndTail } from '../ui/format.ts';
import {
  BottomPaneIcon,
  BrokenIcon,
  CloseIcon,
  ReceivedIcon,
  RightPaneIcon,
  SentIcon,
} from '../ui/icons.tsx';
import { copyCurl } from './copy-curl.ts';

interface HeadProps {
  readonly row: EntryRow;
  readonly labels?: EntryDetails['labels'];
}

export function Head({ row, labels }: HeadProps) {
  const [head, tail] = headAndTail(row.target);
  return (
    <div className="details-head">
      <div className="details-title">
        <BackToList />
        <span className="details-method">{row.method}</span>
        <span className="details-target mono" data-tip={row.target}>
          <span className="target-head">{head}</span>
          {tail !== '' && <span className="target-tail">{tail}</span>}
        </span>
        <span className={`details-status ${statusClass(row)}`}>{fullStatus(row)}</span>
        <PaneButtons canCopy={row.parent === '' && protocolOf(row)?.curl === true} />
      </div>
      <div className="details-facts dim">
        <Protocol row={row} />
        <span data-tip={exactTime(row.timestamp)}>{clockTime(row.timestamp)}</span>
        <Elapsed row={row} />
        <span data-tip="request and response on the wire">
          {bytes(row.requestSize)} / {bytes(row.responseSize)}
        </span>
        {row.sightings > 1 && <span>{seenText(row)}</span>}
        {row.demo && <span className="label">demo</span>}
      </div>
      <End row={row} side="src" />
      <PodLabels labels={labels?.src} />
      <End row={row} side="dst" />
      <PodLabels labels={labels?.dst} />
      {row.parent !== '' && <OfCall row={row} />}
      {row.incomplete.length > 0 && (
        <div className="details-incomplete amber">
          <BrokenIcon size={13} />
          {row.incomplete.join(' · ')}
        </div>
      )}
    </div>
  );
}

function Elapsed({ row }: { readonly row: EntryRow }) {
  // A message is sent, not answered.
  if (row.parent !== '' && row.elapsedTime === null) return null;
  const slow = (row.elapsedTime ?? 0) >= slowAfter;
  return (
    <span className={slow ? 'amber' : ''}>
      {row.elapsedTime === null ? row.outcome : duration(row.elapsedTime)}
    </span>
  );
}

function Protocol({ row }: { readonly row: EntryRow }) {
  useProtocols();
  const known = protocolOf(row);
  const { abbr } = row.protocol;
  return (
    <span data-tip={known?.title}>
      <span
        className="protocol-badge"
        style={{ background: known?.colour, color: known?.textColour }}
      >
        {abbr}
      </span>
      {versionText(row, known?.below).slice(abbr.length)}
    </span>
  );
}

/** With its name, where it has one: `5 NOT_FOUND`. */
function fullStatus(row: EntryRow): string {
  const name = statusName(row);
  return name === '' || row.status === 0 ? statusText(row) : `${row.status} ${name}`;
}

const words = { src: 'from', dst: 'to' } as const;

/** Facts without their label, where the value says what it is. */
const plain = new Set(['address', 'workload']);
/** Said with the address before it. */
const ports = new Set(['port', 'at port']);

/** One end of the call, whole: each value is a button that filters by it. */
function End({ row, side }: { readonly row: EntryRow; readonly side: EndSide }) {
  const name = endpointText(row[side]);
  const [path, value] = endQuery(row, side);
  const kind = kindText(row[side]);
  const facts = endFacts(row, side);
  const known = facts.filter(
    ({ label, value: own }) =>
      own !== name && !ports.has(label) && (label !== 'address' || row[side].name !== ''),
  );
  return (
    <div className="details-end">
      <span className="dim">{words[side]}</span>
      <span className="details-end-facts">
        <Fact path={path} value={value} text={name} isName />
        {known.map((fact) => (
          <span key={fact.path}>
            {!plain.has(fact.label) && <span className="dim">{fact.label} </span>}
            <Fact path={fact.path} value={fact.value} text={textOf(fact, facts)} />
          </span>
        ))}
        {kind !== '' && <span className="dim">{kind}</span>}
      </span>
    </div>
  );
}

/** Labels of a pod, on demand. */
function PodLabels({ labels }: { readonly labels: Labels | undefined }) {
  const list = Object.entries(labels ?? {});
  if (list.length === 0) return null;
  return (
    <details className="details-labels">
      <summary className="dim">{list.length === 1 ? '1 label' : `${list.length} labels`}</summary>
      {list.map(([name, value]) => (
        <span key={name} className="mono">
          <span className="dim">{name}=</span>
          {value}
        </span>
      ))}
    </details>
  );
}

/** An address with its port. */
function textOf(fact: EndFact, facts: readonly EndFact[]): string {
  const next = facts[facts.indexOf(fact) + 1];
  if (next === undefined || !ports.has(next.label)) return String(fact.value);
  return addressText({ ip: String(fact.value), port: Number(next.value) });
}

interface FactProps {
  readonly path: string;
  readonly value: string | number;
  readonly text: string;
  readonly isName?: boolean;
}

function Fact({ path, value, text, isName = false }: FactProps) {
  return (
    <button
      type="button"
      className={`fact-value${isName ? ' end-title' : ' mono'}`}
      data-tip={`and ${comparison(path, value)}`}
      onClick={() => filterBy(path, value)}
    >
      {text}
    </button>
  );
}

/** Of a message: who sent it, and the ways to its call. */
function OfCall({ row }: { readonly row: EntryRow }) {
  const sender = senderOf(row);
  return (
    <div className="details-call">
      {sender === 'client' ? <SentIcon size={13} /> : <ReceivedIcon size={13} />}
      <span>message from the {sender}</span>
      <button
        type="button"
        className="button small bordered"
        data-tip="Show the call it belongs to (p)"
        onClick={() => showCall(row)}
      >
        show the call
      </button>
      <button
        type="button"
        className="button small bordered"
        data-tip="List all messages of the call, and nothing else"
        onClick={() => showMessages(row.parent)}
      >
        list its messages
      </button>
    </div>
  );
}

const close = () => pageState.set({ detailsOpen: false });

/** Where the details cover the list. */
export function BackToList() {
  return (
    <button
      type="button"
      className="button small bordered narrow-only"
      data-tip="Back to the list (Esc)"
      onClick={close}
    >
      ← list
    </button>
  );
}

export function PaneButtons({ canCopy }: { readonly canCopy: boolean }) {
  const place = useObserved(settings, (value) => value.detailsPlace);
  return (
    <span className="pane-buttons">
      {canCopy && (
        <button
          type="button"
          className="button small"
          data-tip="Copy as curl (c)"
          onClick={() => void copyCurl()}
        >
          curl
        </button>
      )}
      <button
        type="button"
        className="button icon-button small wide-only"
        aria-label={place === 'right' ? 'Details to the bottom' : 'Details to the right'}
        data-tip={place === 'right' ? 'Details to the bottom (d)' : 'Details to the right (d)'}
        onClick={() => settings.set({ detailsPlace: place === 'right' ? 'bottom' : 'right' })}
      >
        {place === 'right' ? <BottomPaneIcon /> : <RightPaneIcon />}
      </button>
      <button
        type="button"
        className="button icon-button small"
        aria-label="Close the details"
        data-tip="Close (Esc)"
        onClick={close}
      >
        <CloseIcon />
      </button>
    </span>
  );
}
