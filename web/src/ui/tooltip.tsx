/**
 * One tooltip for the whole page: whatever carries `data-tip` shows it when pointed at or focused.
 * Rows stay plain text this way, however many there are.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

const delay = 350;
const margin = 8;

interface Tip {
  readonly text: string;
  readonly place: DOMRect;
}

/** Texts that are only worked out when somebody points: cells of the list. */
type TipProvider = (target: Element) => { text: string; owner: Element } | undefined;

const providers = new Set<TipProvider>();

/** Adds a source of tooltips; the result takes it away again. */
export function provideTips(provider: TipProvider): () => void {
  providers.add(provider);
  return () => providers.delete(provider);
}

function tipOf(target: EventTarget | null): Tip | undefined {
  if (!(target instanceof Element)) return undefined;
  for (const provider of providers) {
    const tip = provider(target);
    if (tip !== undefined && tip.text !== '') {
      return { text: tip.text, place: tip.owner.getBoundingClientRect() };
    }
  }
  const owner = target.closest('[data-tip]');
  const text = owner?.getAttribute('data-tip') ?? '';
  return owner === null || text === '' ? undefined : { text, place: owner.getBoundingClientRect() };
}

export function Tooltip() {
  const [tip, setTip] = useState<Tip>();
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer = 0;
    const show = (event: Event) => {
      window.clearTimeout(timer);
      const { target } = event;
      if (
        event.type === 'focusin' &&
        !(target instanceof Element && target.matches(':focus-visible'))
      )
        return;
      const next = tipOf(target);
      if (next === undefined) setTip(undefined);
      else timer = window.setTimeout(() => setTip(tipOf(target)), delay);
    };
    const hide = () => {
      window.clearTimeout(timer);
      setTip(undefined);
    };
    document.addEventListener('pointerover', show);
    document.addEventListener('focusin', show);
    for (const name of ['pointerdown', 'keydown', 'wheel', 'pointerleave'] as const) {
      document.addEventListener(name, hide, { passive: true });
    }
    return () => {
      document.removeEventListener('pointerover', show);
      document.removeEventListener('focusin', show);
      for (const name of ['pointerdown', 'keydown', 'wheel', 'pointerleave'] as const) {
        document.removeEventListener(name, hide);
      }
      window.clearTimeout(timer);
    };
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || tip === undefined) return;
    const size = element.getBoundingClientRect();
    const below = tip.place.bottom + 4 + size.height < innerHeight;
    const left = Math.min(tip.place.left, innerWidth - size.width - margin);
    element.style.left = `${Math.max(margin, left)}px`;
    element.style.top = `${below ? tip.place.bottom + 4 : tip.place.top - size.height - 4}px`;
  }, [tip]);

  if (tip === undefined) return null;
  return (
    <div ref={box} className="tooltip" role="tooltip">
      {tip.text}
    </div>
  );
}
