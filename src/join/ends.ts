/** Which of the addresses that a call was seen with is the client, the pod behind, the service in front. */
import type { Address } from './address.ts';
import type { KindOf, SeenKind } from './contract.ts';
import type { Sighting } from './sighting.ts';

interface End {
  readonly address: Address;
  readonly port: number;
  /** When it was seen, ms since 1970. */
  readonly time: number;
}

export interface Ends {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
  /** Undefined: no translation was seen. */
  readonly front: Address | undefined;
  readonly frontPort: number;
}

/** Translations lead from the end of this order to its beginning. */
function depth(kind: SeenKind): number {
  switch (kind) {
    case 'pod':
      return 4;
    // What nobody knows may be a pod that has just started, or an endpoint outside the cluster.
    case undefined:
    case 'external':
      return 3;
    case 'node':
      return 2;
    case 'service':
      return 1;
  }
}

/**
 * Decides by kinds; where they do not tell, by time: packets pass the address asked for before the one
 * it was translated to. A source is translated to a node's address, never from one.
 */
export function endsOf(sightings: readonly Sighting[], kindOf: KindOf): Ends {
  const [first] = sightings;
  if (first === undefined) throw new RangeError('a call without a sighting');
  if (sightings.length === 1 && first.front === undefined) return first;
  const sources: End[] = [];
  const destinations: End[] = [];
  for (const sighting of sightings) {
    const { source, sourcePort, destination, destinationPort, front, frontPort } = sighting;
    const time = sighting.requestMs;
    addEnd(sources, { address: source, port: sourcePort, time });
    addEnd(destinations, { address: destination, port: destinationPort, time });
    if (front !== undefined) addEnd(destinations, { address: front, port: frontPort, time });
  }
  const source = chosen(sources, kindOf, (kinds, times) => kinds || times);
  const behind = chosen(destinations, kindOf, (kinds, times) => kinds || -times);
  const others = destinations.filter((end) => end !== behind);
  const front = others.length === 0 ? undefined : chosen(others, kindOf, (a, b) => -a || b);
  return {
    source: source.address,
    sourcePort: source.port,
    destination: behind.address,
    destinationPort: behind.port,
    front: front?.address,
    frontPort: front?.port ?? 0,
  };
}

function addEnd(ends: End[], end: End): void {
  const isKnown = ends.some(
    ({ address, port }) => port === end.port && address.text === end.address.text,
  );
  if (!isKnown) ends.push(end);
}

/** `prefer`: positive when the later one wins, of the differences in depth and (first minus second) in time. */
function chosen(
  ends: readonly End[],
  kindOf: KindOf,
  prefer: (depths: number, times: number) => number,
): End {
  const [only] = ends;
  if (only === undefined) throw new RangeError('no end');
  if (ends.length === 1) return only;
  const depths = ends.map(({ address, port, time }) => depth(kindOf(address.text, port, time)));
  let best = 0;
  for (let i = 1; i < ends.length; i++) {
    const deeper = depths[i]! - depths[best]!;
    const earlier = ends[best]!.time - ends[i]!.time;
    if (prefer(deeper, earlier) > 0) best = i;
  }
  return ends[best]!;
}
