/** A card that opens where the pointer rests and stays while the pointer is on it. */
import { type RefObject, useEffect, useRef, useState } from 'react';
import { cameUnderPointer } from './tooltip.tsx';

/** How long the pointer rests until the card opens, and how long it may be away, ms. */
const delays = { open: 350, close: 160 } as const;

/**
 * `find` says what a card would be about at a place within `area`; the same thing has the same key.
 * What is marked with `data-card` is the card; `data-card="keep"` lies over the thing it is about.
 */
export function useHoverCard<About extends { readonly key: string }>(
  area: RefObject<HTMLElement | null>,
  find: (target: Element) => About | undefined,
): readonly [about: About | undefined, close: () => void] {
  const [about, setAbout] = useState<About>();
  const latest = useRef(find);
  latest.current = find;
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    let timer = 0;
    let shown = '';
    let next = '';
    const later = (wanted: About | undefined) => {
      const key = wanted?.key ?? '';
      if (key === next) return;
      next = key;
      window.clearTimeout(timer);
      if (key === shown) return;
      const show = () => {
        shown = key;
        setAbout(wanted);
      };
      timer = window.setTimeout(show, key === '' ? delays.close : delays.open);
    };
    const over = (event: Event) => {
      const { target } = event;
      if (!(target instanceof Element) || cameUnderPointer(event)) return;
      const card = target.closest<HTMLElement>('[data-card]');
      if (card !== null) {
        // What lies over the thing itself changes nothing: a card that is about to open still does.
        if (card.dataset['card'] === 'keep' && next !== '') return;
        window.clearTimeout(timer);
        next = shown;
        return;
      }
      later(latest.current(target));
    };
    const away = () => later(undefined);
    const now = (event: Event) => {
      if (event.target instanceof Element && event.target.closest('[data-card]') !== null) return;
      window.clearTimeout(timer);
      shown = '';
      next = '';
      setAbout(undefined);
    };
    element.addEventListener('pointerover', over);
    element.addEventListener('pointerleave', away);
    element.addEventListener('pointerdown', now);
    element.addEventListener('scroll', now, { passive: true, capture: true });
    document.addEventListener('keydown', now);
    return () => {
      window.clearTimeout(timer);
      element.removeEventListener('pointerover', over);
      element.removeEventListener('pointerleave', away);
      element.removeEventListener('pointerdown', now);
      element.removeEventListener('scroll', now, { capture: true });
      document.removeEventListener('keydown', now);
    };
  }, [area]);
  return [about, () => setAbout(undefined)];
}
