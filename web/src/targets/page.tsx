/** The page of targets: what is tapped in the cluster, what is not and why, and how the tappers are. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { TargetChoice, Targets } from '../../../src/serve/api.ts';
import { api } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { say } from '../data/page-state.ts';
import { goTo } from '../data/place.ts';
import { useInfo } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { silentNodes, targetsKey, useIsCluster, useTargets } from '../data/targets.ts';
import { tappingText } from '../data/targets-state.ts';
import { Disconnected } from '../traffic/banners.tsx';
import { plural } from '../ui/format.ts';
import { isSame } from './choice.ts';
import { ChoiceForm } from './choice-form.tsx';
import { Nodes } from './nodes.tsx';
import { TargetTree } from './tree.tsx';
import './targets.css';

export function TargetsPage() {
  const { data: info, isPending } = useInfo();
  const isCluster = useIsCluster();
  const { data, error, refetch } = useTargets(true);
  const isOpen = useObserved(session.link.state, (link) => link.state === 'open');
  if (data !== undefined) return <Whole targets={data.targets} readAt={data.readAt} />;
  if (info !== undefined && !isCluster) return <NoCluster what={info.description} />;
  if (error !== null) {
    return (
      <Placed label="Error">
        <h2 className="red">The targets could not be read</h2>
        <p>{error.message}</p>
        <button type="button" className="button bordered" onClick={() => void refetch()}>
          Try again
        </button>
      </Placed>
    );
  }
  if (!isOpen && isPending) {
    return (
      <main className="targets" aria-label="Targets">
        <Disconnected />
      </main>
    );
  }
  return <Skeleton />;
}

function Placed({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <main className="targets placed" aria-label={label}>
      <div className="message">{children}</div>
    </main>
  );
}

function NoCluster({ what }: { readonly what: string }) {
  return (
    <Placed label="No cluster">
      <h2>No cluster is tapped</h2>
      <p>
        This Mizu taps <b>{what}</b>. Where <code>mizu tap</code> or <code>mizu install</code> taps
        a cluster, its pods are chosen here.
      </p>
      <button type="button" className="button bordered" onClick={() => goTo('traffic')}>
        Show the traffic
      </button>
    </Placed>
  );
}

/** Lines that will be there in a moment, without moving what is around them. */
function Skeleton() {
  return (
    <main className="targets" aria-label="Targets" aria-busy="true">
      <div className="loading-bar" />
      <div className="targets-summary dim">Reading what is tapped …</div>
      <div className="targets-parts">
        <div className="choice skeleton">
          {[40, 90, 60, 90, 60, 90].map((width, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
            <span key={index} style={{ width: `${width}%` }} />
          ))}
        </div>
        <div className="targets-right skeleton">
          {[20, 34, 30, 38, 26, 34, 30].map((width, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
            <span key={index} style={{ width: `${width}%` }} />
          ))}
        </div>
      </div>
    </main>
  );
}

interface Draft {
  readonly choice: TargetChoice;
  /** What was tapped when it was begun. */
  readonly base: TargetChoice;
}

function useDraft(targets: Targets) {
  const { selection } = targets;
  const [draft, setDraft] = useState<Draft>();
  const client = useQueryClient();
  const choice = draft?.choice ?? selection;
  const isChanged = draft !== undefined && !isSame(choice, selection);
  const apply = useMutation({
    mutationFn: api.choose,
    onSuccess: (next) => {
      setDraft(undefined);
      client.setQueryData(targetsKey, { targets: next, readAt: session.now(), took: 0 });
      say(`Tapping ${plural(next.summary.tapped, 'pod')}`);
    },
  });
  return {
    choice,
    isChanged,
    isOutdated: draft !== undefined && !isSame(draft.base, selection),
    isApplying: apply.isPending,
    refusal: apply.error === null ? '' : apply.error.message,
    change(next: TargetChoice) {
      apply.reset();
      setDraft({ choice: next, base: draft?.base ?? selection });
    },
    apply: () => apply.mutate(choice),
    undo() {
      apply.reset();
      setDraft(undefined);
    },
  };
}

interface WholeProps {
  readonly targets: Targets;
  /** The server's time of the report, ms since 1970. */
  readonly readAt: number;
}

function Whole({ targets, readAt }: WholeProps) {
  const draft = useDraft(targets);
  useObserved(session.counters, (state) => state.counters);
  const silent = silentNodes(targets.nodes, targets.summary.silentNodes);
  return (
    <main className="targets" aria-label="Targets">
      <Disconnected />
      <Notices notices={targets.notices} />
      <h1 className="targets-summary">
        {tappingText(targets.summary)}
        {silent.length > 0 && (
          <span className="red"> · nothing from {silent.map(({ name }) => name).join(', ')}</span>
        )}
      </h1>
      <div className="targets-parts">
        <ChoiceForm
          targets={targets}
          choice={draft.choice}
          isChanged={draft.isChanged}
          isOutdated={draft.isOutdated}
          isApplying={draft.isApplying}
          refusal={draft.refusal}
          onChange={draft.change}
          onApply={draft.apply}
          onUndo={draft.undo}
        />
        <div className="targets-right">
          <TargetTree targets={targets} choice={draft.choice} onChange={draft.change} />
          <Nodes nodes={targets.nodes} now={session.now()} readAt={readAt} />
        </div>
      </div>
    </main>
  );
}

/** What cannot be seen, for want of rights or for the moment. */
function Notices({ notices }: { readonly notices: readonly string[] }) {
  if (notices.length === 0) return null;
  return (
    <ul className="targets-notices" aria-label="What cannot be seen">
      {notices.map((text) => (
        <li key={text} className="amber">
          {text}
        </li>
      ))}
    </ul>
  );
}
