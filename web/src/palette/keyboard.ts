/** The keyboard of the page: one listener, keys from the list of commands. */
import { pageState } from '../data/page-state.ts';
import { placeState } from '../data/place.ts';
import { type Command, commands } from './commands.ts';

/** Time for the second key of a pair, ms. */
const pairTime = 800;

const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command])));

function nameOf(event: KeyboardEvent): string {
  return (event.ctrlKey || event.metaKey ? 'Ctrl-' : '') + event.key;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('input, textarea, select, [contenteditable]') !== null)
  );
}

/** Keys that buttons, tabs and menus use themselves. */
const activationKeys = new Set([
  'Enter',
  ' ',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
]);

function belongsToControl(event: KeyboardEvent): boolean {
  if (!activationKeys.has(event.key) || !(event.target instanceof Element)) return false;
  const control = event.target.closest(
    'button, a, summary, [role="tab"], [role="menu"], [role="tree"], [role="separator"], .scrolls',
  );
  return control !== null;
}

/** Keys that work while a text is being typed. */
const everywhere = new Set(['Ctrl-k', 'Ctrl-f']);

/** Other pages have a place to search in, at the keys of the query. */
function isOfOtherPage(event: KeyboardEvent, key: string): boolean {
  if (placeState.get().place === 'traffic' || (key !== '/' && key !== 'Ctrl-f')) return false;
  document.getElementById('find-target')?.focus();
  event.preventDefault();
  return true;
}

/** On other pages the list cannot be seen: keys leave it alone. */
function isOffered({ group, isThere }: Command): boolean {
  if (placeState.get().place !== 'traffic' && group !== 'Page') return false;
  return isThere?.() ?? true;
}

/** Starts listening; the result stops it. */
export function listenToKeys(): () => void {
  let first = '';
  let firstAt = 0;
  // A key that closes a dialog has done its work, and is told of here before it does.
  let isOfDialog = false;
  const onKeyFirst = () => {
    isOfDialog = pageState.get().dialog !== 'none';
  };
  const onKey = (event: KeyboardEvent) => {
    const key = nameOf(event);
    if (event.defaultPrevented || event.altKey) return;
    if (isOfDialog || pageState.get().dialog !== 'none') return;
    if (isTyping(event.target) && !everywhere.has(key)) return;
    if (belongsToControl(event)) return;
    if (isOfOtherPage(event, key)) return;
    const pair = event.timeStamp - firstAt < pairTime ? `${first} ${key}` : '';
    const command = byKey.get(pair) ?? byKey.get(key);
    first = command === undefined ? key : '';
    firstAt = event.timeStamp;
    if (command === undefined || !isOffered(command)) return;
    event.preventDefault();
    command.run();
  };
  window.addEventListener('keydown', onKeyFirst, { capture: true });
  document.addEventListener('keydown', onKey);
  return () => {
    window.removeEventListener('keydown', onKeyFirst, { capture: true });
    document.removeEventListener('keydown', onKey);
  };
}

/** Keys as they are printed: `Ctrl K`, `g g`, `space`. */
export function keyText(key: string): string {
  const words: Readonly<Record<string, string>> = {
    ' ': 'space',
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
    Escape: 'Esc',
    PageUp: 'PgUp',
    PageDown: 'PgDn',
  };
  if (key.startsWith('Ctrl-')) return `Ctrl ${key.slice(5).toUpperCase()}`;
  return words[key] ?? key;
}
