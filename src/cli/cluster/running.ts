/** Is Mizu there already? Whose is it, does it live, and what can be done about it. */
import {
  ClusterError,
  type ClusterObject,
  findSession,
  isManaged,
  type Session,
  sessionLives,
} from '../../cluster/access/index.ts';
import { formatDuration } from '../../units.ts';
import { sessionHolder } from './cluster-settings.ts';
import { removeFromCluster } from './removal.ts';
import type { Reach } from './rights.ts';
import type { ClusterSetup } from './setup.ts';

export type Running =
  | { readonly kind: 'none' }
  | { readonly kind: 'install' }
  | { readonly kind: 'tap'; readonly session: Session | undefined };

/** What of Mizu is in the namespace. */
export async function findRunning(setup: ClusterSetup): Promise<Running> {
  const { api, namespace, names, context } = setup;
  const options = { signal: context.signal };
  const find = async (kind: string, name: string): Promise<boolean> => {
    const found = await api.find<ClusterObject>({ kind, name, namespace }, options);
    return found !== undefined && isManaged(found);
  };
  const [installed, session, tapped] = await Promise.all([
    find('Deployment', names.apiServer).catch(() => false),
    findSession(api, { namespace, name: names.lease }, context.signal).catch(() => undefined),
    find('Pod', names.apiServer).catch(() => false),
  ]);
  if (installed) return { kind: 'install' };
  if (session !== undefined || tapped) return { kind: 'tap', session };
  return { kind: 'none' };
}

/**
 * A dead session is cleaned away.
 * @throws ClusterError `running` when another one lives.
 */
export async function makeRoomForSession(setup: ClusterSetup, reach: Reach): Promise<void> {
  const { api, namespace, names, context } = setup;
  const running = await findRunning(setup);
  if (running.kind === 'none') return;
  if (running.kind === 'install') throw alreadyRunning(`it was installed in "${namespace}"`);
  const { session } = running;
  if (session !== undefined) {
    const own = session.holder === sessionHolder();
    if (own) context.stdout.write(`Looking whether ${startText(session)} still runs...\n`);
    const place = { namespace, name: names.lease };
    const options = { own, now: Date.now(), signal: context.signal };
    if (await sessionLives(api, place, session, options)) {
      throw alreadyRunning(startText(session));
    }
  }
  const whose = session === undefined ? 'A session' : `The session of ${session.holder}`;
  context.stdout.write(`${whose} in "${namespace}" has ended without cleaning up.\n`);
  await removeFromCluster(setup, { clusterWide: reach.clusterWide });
}

function startText({ holder, startedAt }: Session): string {
  const at = new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ');
  const ago = formatDuration(Math.max(0, Date.now() - startedAt));
  return `the session that ${holder} started at ${at} UTC (${ago} ago)`;
}

function alreadyRunning(what: string): ClusterError {
  return new ClusterError(
    'running',
    `Mizu is already running in this namespace, change the \`mizu-resources-namespace\` configuration or run \`mizu clean\` to remove it; \`mizu view\` shows it: ${what}`,
  );
}
