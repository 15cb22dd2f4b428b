/**
 * Where the list is scrolled to: at the newest while following, else at the same entry. The place is
 * known before the rows are drawn, so that no frame shows a part of the list without its rows.
 */
import { type RefObject, useEffect, useLayoutEffect, useReducer, useRef } from 'react';
import { flushSync } from 'react-dom';
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';

export const headHeight = 24;
/** Free space below the last row for the button of the newest, while it is there. */
export const buttonRoom = 40;
/** Rows from the start of what is in memory at which older ones are fetched. */
const fetchBefore = 60;

/** The first visible entry and how far it is scrolled out: it stays where it is when rows come before it. */
interface Anchor {
  id: string;
  offset: number;
}

/** The list stands still while the pointer is pressed on it or a text in it is selected. */
function useHeldStill(grid: RefObject<HTMLElement | null>): RefObject<boolean> {
  const held = useRef(false);
  useEffect(() => {
    const down = (event: Event) => {
      held.current = grid.current?.contains(event.target as Node) ?? false;
    };
    const up = () => {
      const selection = getSelection();
      const inside = grid.current?.contains(selection?.anchorNode ?? null) ?? false;
      held.current = inside && selection?.isCollapsed === false;
      if (held.current) session.setFollowing(false);
    };
    addEventListener('pointerdown', down);
    addEventListener('pointerup', up);
    return () => {
      removeEventListener('pointerdown', down);
      removeEventListener('pointerup', up);
    };
  }, [grid]);
  return held;
}

export interface ScrollPlace {
  /** Scroll position that the rows are to be drawn for, CSS pixels. */
  readonly top: number;
  readonly onScroll: () => void;
  /** Takes over a scroll position that was set by program; before the frame is painted. */
  readonly moved: () => void;
}

/** `height` of a row and `room` of the scrolling element in CSS pixels. */
export function useScrollPlace(
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
  room: number,
): ScrollPlace {
  const anchor = useRef<Anchor>({ id: '', offset: 0 });
  /** Scroll position as last seen or set. */
  const known = useRef(0);
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const held = useHeldStill(scroller);
  const version = useObserved(session.view, (view) => view.version);
  const following = useObserved(session.view, (view) => view.following);
  const { list } = session;

  const expected = () => {
    if (following) {
      const end = Math.max(0, list.rows.length * height + headHeight - room);
      return held.current ? known.current : end;
    }
    if (anchor.current.id === '') return known.current;
    return list.lowerBound(anchor.current.id) * height + anchor.current.offset;
  };
  const top = expected();

  /** Notes which entry is at the top now; a scroll to here is then not one by the user. */
  const remember = () => {
    const now = scroller.current?.scrollTop ?? 0;
    known.current = now;
    const index = Math.floor(now / height);
    anchor.current = { id: list.rows[index]?.id ?? '', offset: now - index * height };
    return index;
  };

  // The list may be drawn longer before its version is told: then `top` tells.
  // biome-ignore lint/correctness/useExhaustiveDependencies: version and room stand for list and screen
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (following) {
      if (!held.current) element.scrollTop = element.scrollHeight;
    } else if (Math.abs(top - element.scrollTop) > 1) element.scrollTop = top;
    remember();
    // The browser keeps positions within the content: what was expected may not be what is.
    if (Math.abs(top - element.scrollTop) > 1) redraw();
  }, [version, top, following, height, room]);

  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const now = element.scrollTop;
    const atEnd = now + element.clientHeight >= element.scrollHeight - 2;
    const before = known.current;
    let index = 0;
    // In this very frame: rows drawn in the next one would leave this one empty.
    flushSync(() => {
      if (now < before - 1 && !atEnd) session.setFollowing(false);
      else if (atEnd && now > before + 1) {
        if (list.behind) void session.loadNewer();
        else session.setFollowing(true);
      }
      index = remember();
      if (Math.abs(now - before) > 1) redraw();
    });
    if (index < fetchBefore && !session.view.get().following) void session.loadOlder();
  };
  const moved = () => {
    remember();
    redraw();
  };
  return { top, onScroll, moved };
}
