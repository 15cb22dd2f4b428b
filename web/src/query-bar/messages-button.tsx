/** The switch of the messages of calls: entries of the list, or left out. */
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';
import { settings } from '../data/settings.ts';
import { MessagesIcon } from '../ui/icons.tsx';

export function MessagesButton() {
  const shown = useObserved(settings, (value) => value.messages);
  const hasMessages = useObserved(session.view, (view) => view.hasMessages);
  // Where no call has messages there is nothing to switch.
  if (shown && !hasMessages) return null;
  const tip = `${shown ? 'Hide' : 'Show'} the messages of calls: streams, WebSockets, events (m)`;
  return (
    <button
      type="button"
      className={`button messages-button${shown ? '' : ' amber'}`}
      aria-pressed={shown}
      data-tip={tip}
      onClick={() => session.setMessages(!shown)}
    >
      <MessagesIcon size={13} />
      {shown ? 'messages' : 'messages hidden'}
    </button>
  );
}
