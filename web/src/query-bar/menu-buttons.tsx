/** The buttons that open the menus of the query bar; the menus themselves come when they are wanted. */
import type { ComponentProps } from 'react';
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';
import { rangeText } from '../data/url-state.ts';
import { exactTime } from '../ui/format.ts';
import { ChevronIcon, HistoryIcon } from '../ui/icons.tsx';

type Props = ComponentProps<'button'>;

export function HistoryButton(props: Props) {
  return (
    <button
      {...props}
      type="button"
      className="button icon-button small"
      aria-label="Earlier queries"
      aria-haspopup="menu"
      data-tip="Earlier queries (Ctrl-R in the query bar)"
    >
      <HistoryIcon />
    </button>
  );
}

export function RangeButton(props: Props) {
  const range = useObserved(session.view, (view) => view.range);
  const tip =
    range.kind === 'fixed' ? `${exactTime(range.since)}\n${exactTime(range.until)}` : 'Time range';
  return (
    <button
      {...props}
      type="button"
      className="button range-button"
      aria-haspopup="dialog"
      data-tip={tip}
    >
      {rangeText(range)}
      <ChevronIcon size={12} />
    </button>
  );
}
