/** Parts of the page that are fetched when they are needed, and what is shown when they are gone. */
import { type ComponentType, type LazyExoticComponent, lazy, useEffect } from 'react';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { session } from '../data/session.ts';

/** The list can be used on without the part. */
const leave = () => pageState.set({ dialog: 'none', detailsOpen: false });

/** The files of a page have new names when it is built anew: those of the old one are then missing. */
function Gone() {
  const isOpen = useObserved(session.link.state, (link) => link.state === 'open');
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') leave();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="part-gone" role="alert">
      <span>
        {isOpen
          ? 'The page was updated since it was opened: reload it to go on.'
          : 'This part of the page is not loaded yet, and Mizu does not answer: reload when it does.'}
      </span>
      <button type="button" className="button small bordered" onClick={() => location.reload()}>
        Reload
      </button>
      <button type="button" className="button small" onClick={leave}>
        Not now
      </button>
    </div>
  );
}

/** A component fetched at its first use. */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(() =>
    load().then(
      (part) => ({ default: part }),
      () => ({ default: Gone as ComponentType<Props> }),
    ),
  );
}
