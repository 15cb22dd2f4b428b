/** The query bar: what is shown, and since when. */

import { completionStatus } from '@codemirror/autocomplete';
import { undo } from '@codemirror/commands';
import type { EditorView } from '@codemirror/view';
import { Suspense, useEffect, useRef, useState } from 'react';
import type { QueryError } from '../../../src/filter/contract.ts';
import { useObserved } from '../data/observable.ts';
import { useProtocols, useWaiting } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { settings } from '../data/settings.ts';
import { integer } from '../ui/format.ts';
import { CloseIcon, PauseIcon, PlayIcon } from '../ui/icons.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { applyQuery, registerQueryBar, runQuery } from './control.ts';
import { makeEditor, markError } from './editor.ts';
import { errorOf, setSchema } from './language.ts';
import { patternsLoading } from './lazy-re2.ts';
import { HistoryButton, RangeButton } from './menu-buttons.tsx';
import type { MenuProps } from './menus.tsx';
import { MessagesButton } from './messages-button.tsx';
import './query-bar.css';

export const loadMenus = () => import('./menus.tsx');
const HistoryMenu = lazyPart(() => loadMenus().then((module) => module.HistoryMenu));
const TimeRangeMenu = lazyPart(() => loadMenus().then((module) => module.TimeRangeMenu));

/** An error is told when the typing pauses this long, ms. */
const errorPause = 450;

function replaceText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: text.length },
  });
}

/** Steps through earlier queries as a shell does; what was being typed comes back at the end. */
function historyWalker(view: () => EditorView | undefined) {
  let at = -1;
  let typed = '';
  return {
    reset: () => {
      at = -1;
    },
    step(direction: 1 | -1): boolean {
      const editor = view();
      const { queryHistory } = settings.get();
      if (editor === undefined) return false;
      if (at === -1) typed = editor.state.doc.toString();
      const next = Math.min(at + direction, queryHistory.length - 1);
      if (next < -1 || next === at) return false;
      at = next;
      const kept = at;
      replaceText(editor, at === -1 ? typed : (queryHistory[at] ?? ''));
      at = kept;
      return true;
    },
  };
}

function useEditor(openHistory: () => void) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | undefined>(undefined);
  const [text, setText] = useState(() => session.view.get().filter);
  const [error, setError] = useState<QueryError>();
  const open = useRef(openHistory);
  open.current = openHistory;

  useEffect(() => {
    if (place.current === null) return;
    const walker = historyWalker(() => editor.current);
    const view = makeEditor(place.current, session.view.get().filter, {
      apply: (query) => {
        walker.reset();
        if (!applyQuery(query)) setError(errorOf(query));
      },
      changed: setText,
      leave: () => document.getElementById('entries')?.focus(),
      history: walker.step,
      openHistory: () => open.current(),
    });
    editor.current = view;
    registerQueryBar({
      read: () => view.state.doc.toString(),
      write: (query) => replaceText(view, query),
      focus: () => {
        view.focus();
        view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } });
      },
      undo: () => void undo(view),
    });
    return () => {
      registerQueryBar(undefined);
      view.destroy();
    };
  }, []);

  useEffect(() => {
    setError(undefined);
    let isOver = false;
    const timer = window.setTimeout(() => {
      // Somebody choosing a completion is not done yet.
      const isChoosing =
        editor.current !== undefined && completionStatus(editor.current.state) === 'active';
      if (isChoosing) return;
      setError(errorOf(text));
      void patternsLoading()?.then(() => {
        if (!isOver) setError(errorOf(text));
      });
    }, errorPause);
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [text]);
  useEffect(() => {
    editor.current?.dispatch({ effects: markError.of(error) });
  }, [error]);

  return { place, editor, text, error };
}

export function QueryBar() {
  const [historyOpen, setHistoryOpen] = useState(false);
  const { place, editor, text, error } = useEditor(() => setHistoryOpen(true));
  const filter = useObserved(session.view, (view) => view.filter);
  const protocols = useProtocols();

  useEffect(() => {
    if (protocols.data !== undefined) setSchema(protocols.data);
  }, [protocols.data]);
  // The address or a history step changed the filter.
  useEffect(() => {
    if (editor.current !== undefined) replaceText(editor.current, filter);
  }, [filter, editor]);

  const waiting = text.trim() !== filter;
  return (
    <search className="query-bar" aria-label="Query">
      <div className="query-line">
        <History opened={historyOpen} onChange={setHistoryOpen} />
        <div className="query-editor" ref={place} />
        {waiting && error === undefined && (
          <button type="button" className="button small query-run" onClick={() => applyQuery(text)}>
            run <span className="key">↵</span>
          </button>
        )}
        {text !== '' && (
          <button
            type="button"
            className="button icon-button small"
            aria-label="Clear the query"
            data-tip="Clear the query"
            onClick={() => runQuery('')}
          >
            <CloseIcon />
          </button>
        )}
        <MessagesButton />
        <LiveButton />
        <Range />
      </div>
      {error !== undefined && <ErrorLine error={error} text={text} />}
    </search>
  );
}

function ErrorLine({ error, text }: { readonly error: QueryError; readonly text: string }) {
  const { suggestion } = error;
  // Some suggestions stand for the marked words, others only explain: a click must give a query that runs.
  const mended = text.slice(0, error.from) + (suggestion ?? '') + text.slice(error.to);
  const mends = suggestion !== undefined && errorOf(mended) === undefined;
  return (
    <div className="query-error" role="alert">
      <span>{error.message}</span>
      {mends && (
        <button
          type="button"
          className="button small bordered mono"
          onClick={() => runQuery(mended)}
        >
          {suggestion}
        </button>
      )}
      {suggestion !== undefined && !mends && <span className="mono dim">{suggestion}</span>}
    </div>
  );
}

/** A menu is fetched when it is first opened; until then there is its button. */
function History({ opened, onChange }: MenuProps) {
  const [wanted, setWanted] = useState(opened);
  if (opened && !wanted) setWanted(true);
  const button = <HistoryButton onClick={() => onChange(true)} />;
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <HistoryMenu opened={opened} onChange={onChange} />
    </Suspense>
  );
}

function Range() {
  const [opened, setOpened] = useState(false);
  const [wanted, setWanted] = useState(false);
  if (opened && !wanted) setWanted(true);
  const button = <RangeButton onClick={() => setOpened(true)} />;
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <TimeRangeMenu opened={opened} onChange={setOpened} />
    </Suspense>
  );
}

function LiveButton() {
  const paused = useObserved(session.view, (view) => view.paused);
  const fixed = useObserved(session.view, (view) => view.range.kind === 'fixed');
  const state = useObserved(session.link.state, (link) => link.state);
  const waiting = useWaiting();
  const live = !paused && !fixed && state === 'open';
  const pausedWord = waiting === undefined ? 'paused' : `paused · ${integer(waiting)} waiting`;
  const word = fixed ? 'fixed range' : paused ? pausedWord : state === 'open' ? 'live' : 'not live';
  const tip = fixed
    ? 'A fixed time range does not grow. Choose "all kept" or a sliding range to go on live.'
    : paused
      ? 'Go on live, with what came meanwhile (space)'
      : 'Pause: the list stands still, nothing is lost (space)';
  return (
    <button
      type="button"
      className={`button live-button ${live ? 'green' : paused ? 'amber' : ''}`}
      data-tip={tip}
      aria-pressed={live}
      disabled={fixed}
      onClick={() => session.setPaused(!paused)}
    >
      {paused ? <PauseIcon size={12} /> : <PlayIcon size={12} />}
      {word}
    </button>
  );
}
