/** Search within a body: the box, and what a view needs to know of it. */
import {
  createContext,
  type KeyboardEvent,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react';
import { integer } from '../ui/format.ts';
import { ChevronIcon, PreviousIcon, SearchIcon } from '../ui/icons.tsx';

interface Search {
  readonly text: string;
  /** Grows with every "next" (`step` 1) and "previous" (-1). */
  readonly tick: number;
  readonly step: 1 | -1;
  /** A view tells how many there are and which one is shown. */
  readonly report: (count: number, at: number) => void;
}

const SearchContext = createContext<Search>({
  text: '',
  tick: 0,
  step: 1,
  report: () => undefined,
});

export const useSearchText = () => useContext(SearchContext).text;

/** Steps through the places that a view found; `reveal` brings one into view. */
export function useFound<Place>(places: readonly Place[], reveal: (place: Place) => void): void {
  const { text, tick, step, report } = useContext(SearchContext);
  const at = useRef(-1);
  const seen = useRef({ tick, text });
  const show = useRef(reveal);
  show.current = reveal;
  useEffect(() => {
    const isNew = seen.current.text !== text;
    const isStep = seen.current.tick !== tick;
    seen.current = { tick, text };
    if (isNew) at.current = -1;
    if (places.length === 0) {
      report(0, -1);
      return;
    }
    if (isNew || isStep) {
      at.current = (at.current + (isNew ? 1 : step) + places.length) % places.length;
      show.current(places[at.current]!);
    }
    report(places.length, at.current);
  }, [text, tick, step, places, report]);
}

interface BoxProps {
  readonly children: (box: ReactNode) => ReactNode;
}

/** Draws its children with a search box, which they place where they like. */
export function WithSearch({ children }: BoxProps) {
  const [state, setState] = useState<{ text: string; tick: number; step: 1 | -1 }>({
    text: '',
    tick: 0,
    step: 1,
  });
  const [found, setFound] = useState({ count: 0, at: -1 });
  const [report] = useState(() => (count: number, at: number) => setFound({ count, at }));
  const move = (step: 1 | -1) => setState((old) => ({ ...old, tick: old.tick + 1, step }));
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') move(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && state.text !== '') {
      event.stopPropagation();
      setState({ ...state, text: '' });
    }
  };
  const box = (
    <span className="body-search">
      <SearchIcon size={12} />
      <input
        aria-label="Search in this body"
        placeholder="search"
        value={state.text}
        onChange={(event) => setState({ ...state, text: event.target.value })}
        onKeyDown={onKey}
      />
      {state.text !== '' && (
        <>
          <span className={found.count === 0 ? 'red' : 'dim'}>
            {found.count === 0 ? 'none' : `${integer(found.at + 1)}/${integer(found.count)}`}
          </span>
          <button
            type="button"
            className="button icon-button small"
            aria-label="Previous match"
            onClick={() => move(-1)}
          >
            <PreviousIcon size={12} />
          </button>
          <button
            type="button"
            className="button icon-button small"
            aria-label="Next match"
            onClick={() => move(1)}
          >
            <ChevronIcon size={12} />
          </button>
        </>
      )}
    </span>
  );
  return <SearchContext value={{ ...state, report }}>{children(box)}</SearchContext>;
}
