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
  /** Its right edge is that of what it explains. */
  readonly isEnd: boolean;
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
      return { text: tip.text, place: tip.owner.getBoundingClientRect(), isEnd: false };
    }
  }
  const owner = target.closest('[data-tip]');
  const text = owner?.getAttribute('data-tip') ?? '';
  if (owner === null || text === '') return undefined;
  const isEnd = owner.closest('.cell-actions, .line-actions, .pane-buttons') !== null;
  return { text, place: owner.getBoundingClientRect(), isEnd };
}

/** Where the pointer was pressed last: what then appears under it was not pointed at. */
const pressedAt = { x: -1, y: -1 };
if (typeof document !== 'undefined') {
  const options = { passive: true, capture: true };
  document.addEventListener(
    'pointerdown',
    ({ clientX, clientY }) => Object.assign(pressedAt, { x: clientX, y: clientY }),
    options,
  );
}

/** Something moved to where the pointer rests since it was pressed. */
export function cameUnderPointer(event: Event): boolean {
  if (!(event instanceof PointerEvent)) return false;
  return event.clientX === pressedAt.x && event.clientY === pressedAt.y;
}

export function Tooltip() {
  const [tip, setTip] = useState<Tip>();
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer = 0;
    const show = (event: Event) => {
      window.clearTimeout(timer);
      const { target } = event;
      if (cameUnderPointer(event)) return;
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
    // What belongs to a button over a value grows away from the value's neighbour.
    const start = tip.isEnd ? tip.place.right - size.width : tip.place.left;
    const left = Math.min(start, innerWidth - size.width - margin);
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
