/** The top bar: what this is, what is tapped, colours, commands. */
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { addressOf, goTo, type Place, placeState } from '../data/place.ts';
import { useInfo } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { useIsCluster, useSilentNodes } from '../data/targets.ts';
import { exactTime } from '../ui/format.ts';
import { ThemeIcon } from '../ui/icons.tsx';
import './top-bar.css';

const kinds: Readonly<Record<string, string>> = {
  local: 'tapping',
  file: 'reading',
  recording: 'playing a recording',
  cluster: 'tapping',
};

function Tapped() {
  const { data: info } = useInfo();
  const state = useObserved(session.link.state, (link) => link.state);
  if (info === undefined) return null;
  const on = state === 'open';
  const tip = [
    `since ${exactTime(info.startedAt)}`,
    `bodies up to ${info.bodyLimitBytes / 1_048_576} MiB a side`,
    info.redacting ? 'secrets are redacted' : 'secrets are shown: --no-redact',
  ].join('\n');
  return (
    <div className="tapped" data-tip={tip}>
      <span className={`dot ${on ? 'on' : ''}`} aria-hidden="true" />
      <span className="dim">{kinds[info.kind] ?? info.kind}</span>
      <span className="tapped-what">{info.description}</span>
      {info.demo && <span className="label">demo traffic on</span>}
      {!info.redacting && <span className="label amber">not redacted</span>}
    </div>
  );
}

function PageLink({ place, children }: { readonly place: Place; readonly children: ReactNode }) {
  const isHere = useObserved(placeState, (state) => state.place === place);
  return (
    <a
      className="page-link"
      href={addressOf(place)}
      aria-current={isHere ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(place);
      }}
    >
      {children}
    </a>
  );
}

/** A node that should be tapped and is not is worth a look at the targets. */
function TargetsMark() {
  if (useSilentNodes().length === 0) return null;
  return (
    <span className="dot bad">
      <span className="hidden-text">: a tapper is not running</span>
    </span>
  );
}

export function TopBar() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('dark');
  const isCluster = useIsCluster();
  return (
    <header className="top-bar">
      <h1 className="name">mizu</h1>
      <nav aria-label="Pages">
        <PageLink place="traffic">Traffic</PageLink>
        {isCluster && (
          <PageLink place="targets">
            Targets
            <TargetsMark />
          </PageLink>
        )}
      </nav>
      <Tapped />
      <button
        type="button"
        className="button icon-button"
        aria-label={scheme === 'dark' ? 'Light colours' : 'Dark colours'}
        data-tip={scheme === 'dark' ? 'Light colours' : 'Dark colours'}
        onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
      >
        <ThemeIcon size={15} />
      </button>
      <button
        type="button"
        className="button"
        data-tip="Every command"
        onClick={() => pageState.set({ dialog: 'palette' })}
      >
        commands <span className="key">Ctrl K</span>
      </button>
    </header>
  );
}
