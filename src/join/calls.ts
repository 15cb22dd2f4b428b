/** Calls on their way, found by the sequence number of their request or their response. */
import type { Call } from './call.ts';
import { compare, Sameness, type Sighting } from './sighting.ts';

export class Calls {
  readonly #byRequest = new Map<number, Call[]>();
  readonly #byResponse = new Map<number, Call[]>();

  /** Makes a call known by what its trace now knows. */
  add(call: Call): void {
    const { requestSequence, responseSequence } = call.trace;
    insert(this.#byRequest, requestSequence, call);
    insert(this.#byResponse, responseSequence, call);
  }

  remove(call: Call): void {
    const { requestSequence, responseSequence } = call.trace;
    take(this.#byRequest, requestSequence, call);
    take(this.#byResponse, responseSequence, call);
  }

  /** The call of which this very sighting is known already: its request came before. */
  own(sighting: Sighting): Call | undefined {
    return this.#byRequest.get(sighting.requestSequence | 0)?.find((call) => call.has(sighting));
  }

  /** A call of others that this is a sighting of. */
  find(sighting: Sighting, atLeast: Sameness): Call | undefined {
    const { requestSequence, responseSequence } = sighting;
    return (
      matching(this.#byRequest.get(requestSequence | 0), sighting, atLeast) ??
      matching(this.#byResponse.get(responseSequence | 0), sighting, atLeast)
    );
  }

  /** One that has waited since before `bornMs` for the answer that this may be. */
  findOpen(sighting: Sighting, bornMs: number): Call | undefined {
    const calls = this.#byRequest.get(sighting.requestSequence | 0);
    const open = calls?.filter((call) => call.isOpen && call.bornMs <= bornMs);
    return matching(open, sighting, Sameness.Likely);
  }

  /** Another call that has turned out to be the same: its request was seen by one, its answer by another. */
  twin(call: Call): Call | undefined {
    const calls = this.#byResponse.get(call.trace.responseSequence | 0);
    return calls?.find(
      (other) =>
        other !== call &&
        !other.announced &&
        other.sightings.every((sighting) => !call.hasOtherOf(sighting)) &&
        compare(other.trace, call.trace) === Sameness.Same,
    );
  }
}

function matching(
  calls: readonly Call[] | undefined,
  sighting: Sighting,
  atLeast: Sameness,
): Call | undefined {
  return calls?.find(
    (call) => compare(sighting, call.trace) >= atLeast && !call.hasOtherOf(sighting),
  );
}

function insert(map: Map<number, Call[]>, sequence: number, call: Call): void {
  if (sequence === 0) return;
  const known = map.get(sequence | 0);
  if (known === undefined) map.set(sequence | 0, [call]);
  else if (!known.includes(call)) known.push(call);
}

function take(map: Map<number, Call[]>, sequence: number, call: Call): void {
  const known = map.get(sequence | 0);
  if (known === undefined) return;
  const at = known.indexOf(call);
  if (at >= 0) known.splice(at, 1);
  if (known.length === 0) map.delete(sequence | 0);
}
