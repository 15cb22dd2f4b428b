/** The top bar: what this is, what is tapped, colours, commands. */
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { useInfo } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { exactTime } from '../ui/format.ts';
import { ThemeIcon } from '../ui/icons.tsx';
import './top-bar.css';

const kinds: Readonly<Record<string, string>> = {
  local: 'tapping',
  file: 'reading',
  recording: 'playing a recording',
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

export function TopBar() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('dark');
  return (
    <header className="top-bar">
      <h1 className="name">mizu</h1>
      <nav aria-label="Pages">
        <a
          className="page-link"
          href="/"
          aria-current="page"
          onClick={(event) => event.preventDefault()}
        >
          Traffic
        </a>
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
