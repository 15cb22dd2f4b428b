/** What is declared of the protocol of a row: the page knows no protocol by itself. */
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { ProtocolInfo, Protocols } from '../../../src/serve/api.ts';

let byName: ReadonlyMap<string, ProtocolInfo> = new Map();

const keyOf = (label: string, name: string) => `${label} ${name}`;

/** Called with what the server knows, when it has told it. */
export function declareProtocols({ protocols }: Pick<Protocols, 'protocols'>): void {
  byName = new Map(protocols.map((each) => [keyOf(each.label, each.name), each]));
}

/** Undefined while nothing is declared yet, and for what this server does not know. */
export function protocolOf({ protocol }: Pick<EntryRow, 'protocol'>): ProtocolInfo | undefined {
  return byName.get(keyOf(protocol.abbr, protocol.name));
}

/** `5` → `NOT_FOUND`; empty for numbers without a name, and for what is not answered or no call. */
export function statusName(row: EntryRow): string {
  if (row.parent !== '' && row.status === 0) return '';
  if (row.outcome !== 'ok' && row.outcome !== 'failed') return '';
  return protocolOf(row)?.statusNames?.[row.status] ?? '';
}

/** `HTTP 1.1`, `HTTP/2`, `KAFKA 13`; with the version of what lies below: `gRPC over HTTP/2`. */
export function versionText({ protocol }: Pick<EntryRow, 'protocol'>, below?: string): string {
  const { abbr } = protocol;
  const version = protocol.version.replace(/^(\d+)\.0$/, '$1');
  if (below !== undefined) return `${abbr} over ${below}${version === '' ? '' : `/${version}`}`;
  return version === '' || abbr.endsWith(`/${version}`) ? abbr : `${abbr} ${protocol.version}`;
}
