/** What HTTP exchanges are refined to, and how an answer is told of its request's kind. */

/** Codes of the protocols that HTTP exchanges are refined to. */
export const Refined = { GraphQl: 4, JsonRpc: 7, GrpcWeb: 8, Connect: 9, Soap: 10 } as const;

/** Notes of refined requests are this, the code, and the number of a call's path; others are below. */
const refinedNote = 64;
const pathFactor = 256;

export function noteOfRefined(code: number, callPath = 0): number {
  return refinedNote + code + callPath * pathFactor;
}

/** Whether the request with this note was refined. */
export function isRefined(note: number): boolean {
  return note >= refinedNote;
}

/** Code of the request's refinement, 0 for none. */
export function refinementOf(note: number): number {
  return note >= refinedNote ? (note - refinedNote) % pathFactor : 0;
}

/** Number of the call's path that travels with the note, 0 for none: see `grpc/paths.ts`. */
export function callPathOf(note: number): number {
  return note >= refinedNote ? Math.floor((note - refinedNote) / pathFactor) : 0;
}
