/** Environment variables → assignments. */
import type { Reading } from './reading.ts';
import { environmentName, type Located, settings } from './schema.ts';
import { didYouMean, nearest } from './suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of Mizu that are no settings. */
const others = ['MIZU_DEBUG', 'MIZU_BENCH_CACHE'];
const maxNotices = 10;

const byName = new Map<string, Located>();
for (const located of settings) {
  byName.set(environmentName(located.path), located);
  for (const name of located.setting.environment ?? []) byName.set(name, located);
}

/**
 * Whether Kubernetes set it for a service: in a pod beside a service `mizu-api-server` there are
 * `MIZU_API_SERVER_SERVICE_HOST`, `MIZU_API_SERVER_SERVICE_PORT`, `MIZU_API_SERVER_PORT`,
 * `MIZU_API_SERVER_PORT_80_TCP_ADDR`, ...
 */
function isServiceLink(name: string, environment: Environment): boolean {
  const link = /^(.+?)_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;
  const service = link.exec(name)?.[1];
  return service !== undefined && environment[`${service}_SERVICE_HOST`] !== undefined;
}

/** An empty variable counts as not set. */
export function readEnvironmentLayer(environment: Environment, reading: Reading): void {
  let unknown = 0;
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || text === '' || isServiceLink(name, environment)) continue;
    const located = byName.get(name);
    if (located !== undefined) {
      reading.text(located, text, { layer: 'environment', from: name });
    } else if (name.startsWith('MIZU_') && !others.includes(name) && unknown++ < maxNotices) {
      const hint = didYouMean(nearest(name, [...byName.keys()]));
      reading.notices.push(
        `${name.slice(0, 100)} in the environment is no setting${hint}; it is ignored`,
      );
    }
  }
}
