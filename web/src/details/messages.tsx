/** The messages of a call, live: who sent each, when, how large, and what it is about. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useRef, useState } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { senderOf } from '../data/messages.ts';
import { session } from '../data/session.ts';
import { showMessages } from '../traffic/moves.ts';
import { bytes, duration, exactBytes, exactTime, integer } from '../ui/format.ts';
import { ReceivedIcon, SentIcon } from '../ui/icons.tsx';
import { useMessages } from './use-messages.ts';

const lineHeight = 22;

export function MessageList({ call }: { readonly call: EntryRow }) {
  const { rows, isMore, isLoaded } = useMessages(call.id);
  const [active, setActive] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 10,
    useFlushSync: false,
  });
  const choose = (message: EntryRow | undefined) => {
    if (message !== undefined) session.choose(message.id);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') choose(rows[active]);
    else if (step !== 0) {
      const next = Math.min(rows.length - 1, Math.max(0, active + step));
      setActive(next);
      virtualizer.scrollToIndex(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const sent = rows.filter((row) => senderOf(row) === 'client').length;
  return (
    <div className="messages">
      <div className="messages-head dim">
        <span>
          <SentIcon size={11} /> {integer(sent)} from the client
        </span>
        <span>
          <ReceivedIcon size={11} /> {integer(rows.length - sent)} from the server
        </span>
        {call.outcome === 'pending' && <span className="green">live</span>}
        <span className="spacer" />
        <button
          type="button"
          className="button small bordered"
          data-tip="List the messages in the list, where they can be filtered"
          onClick={() => showMessages(call.id)}
        >
          {isMore ? 'list all of them' : 'in the list'}
        </button>
      </div>
      {isLoaded && rows.length === 0 && (
        <p className="body-remark dim">
          No message yet. Each appears here the moment it is on the wire.
        </p>
      )}
      <div
        ref={scroller}
        className="messages-scroll scrolls"
        role="listbox"
        aria-label="Messages"
        tabIndex={0}
        aria-activedescendant={rows[active] && `message-${rows[active].id}`}
        onKeyDown={onKey}
      >
        <div
          role="presentation"
          style={{ height: virtualizer.getTotalSize(), position: 'relative' }}
        >
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <Line
              key={rows[index]!.id}
              message={rows[index]!}
              call={call}
              top={start}
              isActive={index === active}
              onChoose={choose}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface LineProps {
  readonly message: EntryRow;
  readonly call: EntryRow;
  readonly top: number;
  readonly isActive: boolean;
  readonly onChoose: (message: EntryRow) => void;
}

function Line({ message, call, top, isActive, onChoose }: LineProps) {
  const sender = senderOf(message);
  const size = sender === 'client' ? message.requestSize : message.responseSize;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and its keys
    <div
      id={`message-${message.id}`}
      role="option"
      aria-selected={isActive}
      tabIndex={-1}
      className={`message-line ${sender}${message.outcome === 'failed' ? ' failed' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onChoose(message)}
    >
      <span className="message-way">
        {sender === 'client' ? <SentIcon size={11} /> : <ReceivedIcon size={11} />}
        <span className="hidden-text">from the {sender}</span>
      </span>
      <span className="dim number" data-tip={`${exactTime(message.timestamp)}`}>
        +{duration(Math.max(0, message.timestamp - call.timestamp))}
      </span>
      <span>{message.method}</span>
      <span className="mono message-text">{message.target}</span>
      <span className="dim number" data-tip={exactBytes(size)}>
        {bytes(size)}
      </span>
    </div>
  );
}
