/** Where a call was seen: how often, and on which nodes besides the one that its id names. */
import { nodeNumber, packOtherNodes } from '../entry/id.ts';
import type { Sighting } from './sighting.ts';

const mostSightings = 255;

export interface Places {
  readonly otherNodes: number;
  readonly sightings: number;
}

export function placesOf(first: Sighting, sightings: readonly Sighting[]): Places {
  const [only] = sightings;
  const node = nodeNumber(first.idSequence);
  // Nearly all calls that stay on a node.
  if (sightings.length === 1 && only !== undefined && nodeNumber(only.idSequence) === node) {
    return { otherNodes: 0, sightings: only.seen };
  }
  const others = new Set(sightings.map(({ idSequence }) => nodeNumber(idSequence)));
  others.delete(node);
  const seen = sightings.reduce((sum, sighting) => sum + sighting.seen, 0);
  return { otherNodes: packOtherNodes([...others]), sightings: Math.min(seen, mostSightings) };
}
