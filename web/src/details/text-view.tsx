/** A body as text: highlighted, wrapped or not, searched. CodeMirror draws only what is on screen. */
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import {
  Compartment,
  EditorState,
  RangeSetBuilder,
  StateEffect,
  StateField,
} from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useMemo, useRef } from 'react';
import { type BodyLanguage, streamParsers } from './highlight-body.ts';
import { useFound, useSearchText } from './search.tsx';

/** Places that are marked; further ones are not counted. */
const mostFound = 10_000;

const style = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--syntax-name)' },
  { tag: tags.tagName, color: 'var(--syntax-name)' },
  { tag: tags.attributeName, color: 'var(--syntax-word)' },
  { tag: tags.string, color: 'var(--syntax-text)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.keyword, color: 'var(--syntax-word)' },
  { tag: tags.comment, color: 'var(--text-faint)' },
]);

interface Found {
  readonly from: number;
  readonly to: number;
}

const setFound = StateEffect.define<{
  readonly places: readonly Found[];
  readonly current: number;
}>();

const foundMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks;
    for (const effect of transaction.effects) {
      if (!effect.is(setFound)) continue;
      const builder = new RangeSetBuilder<Decoration>();
      for (const [index, { from, to }] of effect.value.places.entries()) {
        const isCurrent = index === effect.value.current;
        builder.add(from, to, Decoration.mark({ class: isCurrent ? 'found current' : 'found' }));
      }
      next = builder.finish();
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Where the searched text occurs, without regard to case. */
export function findAll(text: string, search: string): Found[] {
  const places: Found[] = [];
  if (search === '') return places;
  const haystack = text.toLowerCase();
  const needle = search.toLowerCase();
  // Lower case may have another length (İ): then places would be off, and case counts.
  const inText = haystack.length === text.length ? haystack : text;
  let at = inText.indexOf(needle);
  while (at >= 0 && places.length < mostFound) {
    places.push({ from: at, to: at + needle.length });
    at = inText.indexOf(needle, at + needle.length);
  }
  return places;
}

interface Props {
  readonly text: string;
  readonly language: BodyLanguage;
  readonly wrap: boolean;
}

export function TextView({ text, language, wrap }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const wrapping = useRef(new Compartment());
  const firstWrap = useRef(wrap);
  const search = useSearchText();

  useEffect(() => {
    if (place.current === null) return;
    const parser = streamParsers[language];
    const state = EditorState.create({
      doc: text,
      extensions: [
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': 'Body', class: 'scrolls' }),
        lineNumbers(),
        foundMarks,
        wrapping.current.of(firstWrap.current ? EditorView.lineWrapping : []),
        ...(parser === undefined ? [] : [StreamLanguage.define(parser), syntaxHighlighting(style)]),
      ],
    });
    const editor = new EditorView({ state, parent: place.current });
    view.current = editor;
    return () => editor.destroy();
  }, [text, language]);

  useEffect(() => {
    firstWrap.current = wrap;
    const extension = wrap ? EditorView.lineWrapping : [];
    view.current?.dispatch({ effects: wrapping.current.reconfigure(extension) });
  }, [wrap]);

  // CodeMirror counts line ends as one character whatever they are.
  const places = useMemo(() => findAll(text.replace(/\r\n?/g, '\n'), search), [text, search]);
  useEffect(() => {
    view.current?.dispatch({ effects: setFound.of({ places, current: -1 }) });
  }, [places]);
  useFound(places, (found) => {
    view.current?.dispatch({
      effects: [
        setFound.of({ places, current: places.indexOf(found) }),
        EditorView.scrollIntoView(found.from, { y: 'center' }),
      ],
    });
  });
  return <div className="text-view" ref={place} />;
}
