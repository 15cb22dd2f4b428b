/** Two panes with a border that can be dragged, or moved with the arrow keys. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from 'react';

interface Props {
  readonly direction: 'right' | 'bottom';
  /** Share of the second pane. */
  readonly share: number;
  readonly onShare: (share: number) => void;
  /** What the second pane is called. */
  readonly label: string;
  readonly children: readonly [ReactNode, ReactNode];
}

const smallest = 0.2;
const largest = 0.8;
const keyStep = 0.02;
const clamp = (share: number) => Math.min(largest, Math.max(smallest, share));

export function Split({ direction, share, onShare, label, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const isRight = direction === 'right';
  const drag = (event: PointerEvent) => {
    if (box.current === null || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const outer = box.current.getBoundingClientRect();
    const next = isRight
      ? (outer.right - event.clientX) / outer.width
      : (outer.bottom - event.clientY) / outer.height;
    onShare(clamp(next));
  };
  const onKey = (event: KeyboardEvent) => {
    const grow = isRight ? 'ArrowLeft' : 'ArrowUp';
    const shrink = isRight ? 'ArrowRight' : 'ArrowDown';
    if (event.key === grow) onShare(clamp(share + keyStep));
    else if (event.key === shrink) onShare(clamp(share - keyStep));
    else return;
    event.preventDefault();
  };
  const isOpen = children[1] !== null;
  const track = isOpen ? `minmax(0, ${1 - share}fr) minmax(0, ${share}fr)` : 'minmax(0, 1fr)';
  return (
    <div
      ref={box}
      className={`split ${direction}`}
      style={isRight ? { gridTemplateColumns: track } : { gridTemplateRows: track }}
    >
      {children[0]}
      {isOpen && (
        <aside className="split-second" aria-label={label}>
          {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved */}
          <div
            className="split-bar"
            role="separator"
            tabIndex={0}
            aria-label={`Size of ${label}`}
            aria-orientation={isRight ? 'vertical' : 'horizontal'}
            aria-valuenow={Math.round(share * 100)}
            aria-valuemin={smallest * 100}
            aria-valuemax={largest * 100}
            onPointerDown={(event) => {
              event.preventDefault();
              event.currentTarget.setPointerCapture(event.pointerId);
            }}
            onPointerMove={drag}
            onKeyDown={onKey}
          />
          {children[1]}
        </aside>
      )}
    </div>
  );
}
