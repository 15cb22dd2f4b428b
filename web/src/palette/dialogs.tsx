/** The dialogs: every command, the keyboard, jump to a time, clear. */
import { Modal } from '@mantine/core';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { useObserved } from '../data/observable.ts';
import { pageState, say } from '../data/page-state.ts';
import { session } from '../data/session.ts';
import { Schemas } from '../schemas/schemas.tsx';
import { type Command, commands, commandsNow } from './commands.ts';
import { keyText } from './keyboard.ts';
import { parseTime } from './parse-time.ts';
import './palette.css';

const widths: Readonly<Record<string, number>> = { help: 760, schemas: 720 };

const close = () => pageState.set({ dialog: 'none' });

export function Dialogs() {
  const dialog = useObserved(pageState, (state) => state.dialog);
  const titles = {
    none: '',
    palette: 'Commands',
    help: 'Keyboard',
    jump: 'Jump to a time',
    clear: 'Forget everything captured so far?',
    schemas: 'Schemas of messages',
  } as const;
  return (
    <Modal.Root
      opened={dialog !== 'none'}
      onClose={close}
      size={widths[dialog] ?? 520}
      yOffset="8vh"
      transitionProps={{ duration: 0 }}
      classNames={{
        content: 'dialog',
        overlay: 'dialog-overlay',
        title: 'dialog-title',
        body: 'dialog-body',
      }}
    >
      <Modal.Overlay />
      <Modal.Content shadow="none">
        <div className="dialog-head">
          <Modal.Title>{titles[dialog]}</Modal.Title>
          <Modal.CloseButton aria-label="Close" size={24} />
        </div>
        <Modal.Body>
          {dialog === 'palette' && <Palette />}
          {dialog === 'help' && <Help />}
          {dialog === 'jump' && <Jump />}
          {dialog === 'clear' && <Clear />}
          {dialog === 'schemas' && <Schemas />}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** Commands whose title has every word typed. */
export function matching(list: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return list.filter((command) => {
    const title = `${command.group} ${command.title}`.toLowerCase();
    return words.every((word) => title.includes(word));
  });
}

function run(command: Command | undefined): void {
  if (command === undefined) return;
  close();
  // After the dialog has given the focus back.
  window.setTimeout(() => command.run(), 0);
}

function Palette() {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = useMemo(
    () =>
      matching(
        commandsNow().filter((command) => !command.keyOnly),
        text,
      ),
    [text],
  );
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') run(found[at]);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = Math.min(found.length - 1, Math.max(0, at + step));
    setAt(next);
    document.getElementById(`command-${found[next]?.id}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <input
        className="palette-input"
        placeholder="What to do"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found[at] === undefined ? undefined : `command-${found[at].id}`}
        data-autofocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id="commands" className="palette-list" role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keyboard
          <div
            key={command.id}
            id={`command-${command.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="palette-item"
            onClick={() => run(command)}
            onPointerMove={() => setAt(index)}
          >
            <span>{command.title}</span>
            <Keys command={command} />
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="dim">No command has these words.</p>}
    </>
  );
}

function Keys({ command }: { readonly command: Command }) {
  return (
    <span className="keys">
      {command.keys.map((key) => (
        <span key={key} className="key">
          {keyText(key)}
        </span>
      ))}
    </span>
  );
}

const groups = ['List', 'Details', 'Query', 'Page'] as const;

function Help() {
  return (
    <div className="help">
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          {commands
            .filter((command) => command.group === group && command.keys.length > 0)
            .map((command) => (
              <div key={command.id} className="help-line">
                <span>{command.title}</span>
                <Keys command={command} />
              </div>
            ))}
        </section>
      ))}
      <section aria-label="Query bar">
        <h3>In the query bar</h3>
        {[
          ['Run the query', '↵'],
          ['Take the completion', 'Tab'],
          ['Earlier query, later query', '↑ ↓'],
          ['List of earlier queries', 'Ctrl R'],
          ['Back to the list', 'Esc'],
        ].map(([title, key]) => (
          <div key={title} className="help-line">
            <span>{title}</span>
            <span className="key">{key}</span>
          </div>
        ))}
      </section>
    </div>
  );
}

function Jump() {
  const [text, setText] = useState('');
  const at = parseTime(text, session.now());
  return (
    <form
      className="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (at === undefined) return;
        close();
        void session.jumpTo(at).then((found) => {
          if (!found) say('Nothing is kept from that time or after it');
        });
      }}
    >
      <input
        className="palette-input"
        data-autofocus
        aria-label="Time"
        placeholder="12:31:07 or 2026-11-24 12:31:07"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button bordered" disabled={at === undefined}>
        Jump
      </button>
    </form>
  );
}

function Clear() {
  return (
    <div className="dialog-form column">
      <p>
        All entries are deleted from the store, for everybody who looks at this tap. What comes from
        now on is kept as before.
      </p>
      <div className="dialog-form">
        <button
          type="button"
          className="button danger"
          onClick={() => {
            close();
            session.clear().catch((error: Error) => say(error.message));
          }}
        >
          Delete all entries
        </button>
        <button type="button" className="button bordered" data-autofocus onClick={close}>
          Keep them
        </button>
      </div>
    </div>
  );
}
