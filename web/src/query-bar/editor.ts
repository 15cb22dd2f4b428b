/** The query bar's editor: one line that grows, highlighted, completed, with errors marked at their place. */
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeCompletion,
  completionStatus,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  keymap,
  placeholder,
} from '@codemirror/view';
import type { QueryError } from '../../../src/filter/contract.ts';
import { completionsAt, highlighted } from './language.ts';

/** Marks an error in the text; undefined removes the mark. */
export const markError = StateEffect.define<QueryError | undefined>();

const errorMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks;
    for (const effect of transaction.effects) {
      if (effect.is(markError)) next = marksOf(effect.value, transaction.newDoc.length);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marksOf(error: QueryError | undefined, length: number): DecorationSet {
  if (error === undefined || length === 0) return Decoration.none;
  const to = Math.min(length, Math.max(error.to, error.from + 1));
  const from = Math.max(0, Math.min(error.from, to - 1));
  return Decoration.set([Decoration.mark({ class: 'query-error-mark' }).range(from, to)]);
}

const colours = StateField.define<DecorationSet>({
  create: (state) => colourText(state.doc.toString()),
  update: (set, transaction) =>
    transaction.docChanged ? colourText(transaction.newDoc.toString()) : set,
  provide: (field) => EditorView.decorations.from(field),
});

function colourText(text: string): DecorationSet {
  const marks = highlighted(text).map((token) =>
    Decoration.mark({ class: `query-${token.kind}` }).range(token.from, token.to),
  );
  return Decoration.set(marks, true);
}

function complete(context: CompletionContext): CompletionResult | null {
  const text = context.state.doc.toString();
  if (!context.explicit && text.trim() === '') return null;
  const found = completionsAt(text, context.pos);
  const [first] = found;
  if (first === undefined) return null;
  return {
    from: first.from,
    to: first.to,
    filter: false,
    options: found.map((completion) => ({
      label: completion.label,
      apply: completion.insert,
      type: completion.kind,
      ...(completion.detail === undefined ? {} : { detail: completion.detail }),
    })),
  };
}

export interface EditorHandlers {
  /** Enter: run this query. */
  apply(text: string): void;
  changed(text: string): void;
  /** Esc: the list has the keyboard again. */
  leave(): void;
  /** Steps through earlier queries: 1 older, -1 newer. True when there was one. */
  history(step: 1 | -1): boolean;
  openHistory(): void;
}

function bindings(handlers: EditorHandlers) {
  return Prec.high(
    keymap.of([
      { key: 'Tab', run: acceptCompletion },
      {
        key: 'Enter',
        run: (view) => {
          closeCompletion(view);
          handlers.apply(view.state.doc.toString());
          return true;
        },
      },
      {
        key: 'Escape',
        run: (view) => {
          if (completionStatus(view.state) !== null) return false;
          handlers.leave();
          return true;
        },
      },
      {
        key: 'ArrowUp',
        run: (view) => completionStatus(view.state) === null && handlers.history(1),
      },
      {
        key: 'ArrowDown',
        run: (view) => completionStatus(view.state) === null && handlers.history(-1),
      },
      {
        key: 'Ctrl-r',
        run: () => {
          handlers.openHistory();
          return true;
        },
      },
    ]),
  );
}

/** Draws the editor into `parent`. */
export function makeEditor(parent: Element, text: string, handlers: EditorHandlers): EditorView {
  const state = EditorState.create({
    doc: text,
    extensions: [
      Prec.highest(
        autocompletion({
          override: [complete],
          selectOnOpen: false,
          icons: false,
          maxRenderedOptions: 14,
        }),
      ),
      bindings(handlers),
      history(),
      closeBrackets(),
      drawSelection(),
      keymap.of([...historyKeymap, ...defaultKeymap]),
      EditorView.lineWrapping,
      placeholder('Filter: response.status >= 400, or "free text"'),
      EditorView.contentAttributes.of({ 'aria-label': 'Query', spellcheck: 'false' }),
      colours,
      errorMark,
      EditorView.updateListener.of((update) => {
        if (update.docChanged) handlers.changed(update.state.doc.toString());
      }),
    ],
  });
  return new EditorView({ state, parent });
}
