/** What HTTP exchanges are refined to, and how an answer is told of its request's kind. */

/** Codes of the protocols that HTTP exchanges are refined to. */
export const Refined = { GraphQl: 4, JsonRpc: 7, Soap: 10 } as const;

/** Notes of refined requests are this and the code; others are below. */
const refinedNote = 64;

export function noteOfRefined(code: number): number {
  return refinedNote + code;
}

/** Whether the request with this note was refined. */
export function isRefined(note: number): boolean {
  return note >= refinedNote;
}

/** Code of the request's refinement, 0 for none. */
export function refinementOf(note: number): number {
  return note >= refinedNote ? note - refinedNote : 0;
}
