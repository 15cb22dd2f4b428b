/**
 * The session of `mizu tap`: a Lease (coordination.k8s.io/v1) that says who taps since when, and
 * that is renewed for as long as the command runs. A second `mizu tap` reads it; the API server ends
 * the session when nobody renews it.
 */
import type { V1Lease } from '@kubernetes/client-node';
import { microTime } from '../objects/index.ts';
import { pause } from './apply-objects.ts';
import type { ClusterApi, Reference } from './cluster-api.ts';
import { hasCode } from './errors.ts';
import { isManaged } from './labels.ts';

/** How often the command renews, ms. */
export const renewEveryMs = 10_000;
/** A renewal younger than this by this machine's clock proves that the other session lives, ms. */
const freshMs = 3 * renewEveryMs;
/** Longest time that a living session goes without a renewal, ms. */
const watchedMs = renewEveryMs + 3000;
const lookEveryMs = 1000;

export interface Session {
  /** `user@host` */
  readonly holder: string;
  /** Milliseconds since 1970, by the holder's clock. */
  readonly startedAt: number;
  readonly renewedAt: number;
  readonly seconds: number;
}

export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

function referenceTo({ namespace, name }: LeasePlace): Reference {
  return { kind: 'Lease', namespace, name };
}

/** The session in this namespace; undefined when there is none. */
export async function findSession(
  api: ClusterApi,
  place: LeasePlace,
  signal?: AbortSignal,
): Promise<Session | undefined> {
  const lease = await api.find<V1Lease>(referenceTo(place), { signal });
  if (lease === undefined || !isManaged(lease)) return undefined;
  return readSession(lease);
}

function readSession({ spec, metadata }: V1Lease): Session {
  const startedAt = time(spec?.acquireTime ?? metadata?.creationTimestamp);
  return {
    holder: spec?.holderIdentity ?? 'somebody',
    startedAt,
    renewedAt: time(spec?.renewTime) || startedAt,
    seconds: spec?.leaseDurationSeconds ?? 0,
  };
}

/** Times are texts here: nothing turns them into dates on the way. */
function time(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}

/**
 * Whether the session's command still runs. Clocks differ between machines, so an old renewal is
 * proof of nothing: then the lease is watched for as long as a renewal may take. One's own session
 * is always watched: a command that was killed a moment ago looks fresh.
 */
export async function sessionLives(
  api: ClusterApi,
  place: LeasePlace,
  session: Session,
  options: {
    readonly own: boolean;
    readonly now: number;
    readonly signal?: AbortSignal;
    readonly waitMs?: number;
  },
): Promise<boolean> {
  const age = options.now - session.renewedAt;
  if (!options.own && age >= 0 && age < freshMs) return true;
  const until = performance.now() + (options.waitMs ?? watchedMs);
  while (performance.now() < until) {
    await pause(lookEveryMs, options.signal);
    const later = await findSession(api, place, options.signal);
    if (later === undefined) return false;
    if (later.renewedAt !== session.renewedAt) return true;
  }
  return false;
}

export interface LeaseKeeper {
  /** Resolves when the lease is gone or somebody else's: the session was ended from outside. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Renews every 10 s until stopped. A failed renewal is tried again at the next turn. */
export function keepLease(
  api: ClusterApi,
  place: LeasePlace & { readonly uid: string | undefined },
  everyMs: number = renewEveryMs,
): LeaseKeeper {
  const controller = new AbortController();
  const { signal } = controller;
  async function renew(): Promise<void> {
    for (;;) {
      await pause(everyMs, signal);
      try {
        // With the uid, another session's lease under the same name is refused (409).
        const patch = {
          metadata: { uid: place.uid },
          spec: { renewTime: microTime(Date.now()) },
        };
        await api.merge(referenceTo(place), patch, { signal, timeoutMs: everyMs });
      } catch (error) {
        if (hasCode(error, 'not-found', 'conflict')) return;
      }
    }
  }
  const ended = new Promise<void>((resolve) => {
    renew().then(resolve, () => undefined);
  });
  return { ended, stop: () => controller.abort() };
}
