/** Where the bytes of an exchange are: connection, packets, files with the raw bytes. */
import type { DetailRow } from '../../../src/dissect/contract.ts';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { rawAddress } from '../data/api.ts';
import { type EndSide, endFacts, endTitles, nameSource } from '../traffic/ends.ts';
import { exactBytes } from '../ui/format.ts';
import { DownloadIcon } from '../ui/icons.tsx';
import { ValueTable } from './value-table.tsx';

function endpointRows(side: EndSide, row: EntryRow): DetailRow[] {
  const { name, origin } = row[side];
  const source = nameSource(row[side]);
  const title = endTitles[side];
  return [
    ...(name === '' ? [] : [{ name: `${title} name`, value: name, path: `${side}.name` }]),
    ...(source === ''
      ? []
      : [
          {
            name: `${title} name from`,
            value: source,
            ...(origin !== undefined && { path: `${side}.origin` }),
          },
        ]),
    ...endFacts(row, side).map(({ label, value, path }) => ({
      name: `${title} ${label}`,
      value,
      path,
    })),
  ];
}

function packetRows(row: EntryRow): DetailRow[] {
  const { request, response } = row.packets;
  const frame = (number: number) => (number === 0 ? 'not seen' : number);
  return [
    { name: 'First packet of the request', value: frame(request) },
    { name: 'First packet of the response', value: frame(response) },
    { name: 'Request on the wire', value: exactBytes(row.requestSize) },
    { name: 'Response on the wire', value: exactBytes(row.responseSize) },
    { name: 'Captured by', value: row.capture, path: 'capture' },
    ...seenRows(row),
    { name: 'Connection', value: row.stream, path: 'stream' },
  ];
}

/** The nodes that saw it, the first one first; and how often it was seen in all. */
function seenRows({ node, seenOn, sightings }: EntryRow): DetailRow[] {
  const nodes = [...new Set(seenOn ?? [node])].filter((name) => name !== '');
  return [
    ...nodes.map((name) => ({ name: 'Seen on node', value: name, path: 'node' })),
    ...(sightings > 1 ? [{ name: 'Seen', value: `${sightings} times, shown once` }] : []),
  ];
}

export function Packets({ entry }: { readonly entry: EntryRow }) {
  return (
    <div className="packets">
      <ValueTable label="Packets" rows={packetRows(entry)} />
      <ValueTable
        label="Connection"
        rows={[...endpointRows('src', entry), ...endpointRows('dst', entry)]}
      />
      <p className="packets-links">
        {(['request', 'response'] as const).map((side) => (
          <a key={side} className="button bordered" href={rawAddress(entry.id, side)} download>
            <DownloadIcon /> {side} as kept
          </a>
        ))}
      </p>
    </div>
  );
}
