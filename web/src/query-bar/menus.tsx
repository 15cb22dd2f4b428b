/**
 * The menus of the query bar: earlier queries, and the time range (everything kept, a sliding window,
 * or between two times).
 */
import { Menu, Popover } from '@mantine/core';
import { useState } from 'react';
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';
import { settings } from '../data/settings.ts';
import { rangeText, type TimeRange } from '../data/url-state.ts';
import { runQuery } from './control.ts';
import { HistoryButton, RangeButton } from './menu-buttons.tsx';

const choices: readonly TimeRange[] = [
  { kind: 'all' },
  { kind: 'last', minutes: 5 },
  { kind: 'last', minutes: 15 },
  { kind: 'last', minutes: 60 },
  { kind: 'last', minutes: 360 },
];

/** `2026-11-24T12:31:07` in local time, as date inputs want it. */
function inputValue(timestamp: number): string {
  const shifted = timestamp - new Date(timestamp).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19);
}

export interface MenuProps {
  readonly opened: boolean;
  readonly onChange: (opened: boolean) => void;
}

export function HistoryMenu({ opened, onChange }: MenuProps) {
  const history = useObserved(settings, (value) => value.queryHistory);
  return (
    <Menu
      opened={opened}
      onChange={onChange}
      position="bottom-start"
      width={520}
      withinPortal={false}
    >
      <Menu.Target>
        <HistoryButton />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{history.length === 0 ? 'No query was run yet' : 'Earlier queries'}</Menu.Label>
        {history.slice(0, 15).map((query) => (
          <Menu.Item key={query} className="menu-item mono" onClick={() => runQuery(query)}>
            {query}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function TimeRangeMenu({ opened, onChange }: MenuProps) {
  const range = useObserved(session.view, (view) => view.range);
  return (
    <Popover
      opened={opened}
      onChange={onChange}
      position="bottom-end"
      width={250}
      withinPortal={false}
      trapFocus
    >
      <Popover.Target>
        <RangeButton onClick={() => onChange(!opened)} />
      </Popover.Target>
      <Popover.Dropdown aria-label="Time range">
        <div className="range-choices">
          {choices.map((choice) => (
            <button
              key={rangeText(choice)}
              type="button"
              className="button"
              aria-pressed={rangeText(choice) === rangeText(range)}
              onClick={() => {
                session.setRange(choice);
                onChange(false);
              }}
            >
              {rangeText(choice)}
            </button>
          ))}
        </div>
        <FixedRange range={range} onDone={() => onChange(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

interface FixedProps {
  readonly range: TimeRange;
  readonly onDone: () => void;
}

function FixedRange({ range, onDone }: FixedProps) {
  const now = session.now();
  const fixed = range.kind === 'fixed' ? range : { since: now - 900_000, until: now };
  const [since, setSince] = useState(() => inputValue(fixed.since));
  const [until, setUntil] = useState(() => inputValue(fixed.until));
  const from = Date.parse(since);
  const to = Date.parse(until);
  const valid = from < to;
  return (
    <form
      className="range-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid) return;
        session.setRange({ kind: 'fixed', since: from, until: to });
        onDone();
      }}
    >
      <label>
        from
        <input
          type="datetime-local"
          step="1"
          value={since}
          onChange={(event) => setSince(event.target.value)}
        />
      </label>
      <label>
        to
        <input
          type="datetime-local"
          step="1"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </label>
      <button type="submit" className="button bordered" disabled={!valid}>
        {valid ? 'Show this range' : 'the end is before the start'}
      </button>
    </form>
  );
}
