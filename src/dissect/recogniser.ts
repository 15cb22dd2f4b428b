import type { Protocol } from './contract.ts';

/** A protocol that can be recognised by itself; the others refine what such a one shows. */
export type Recogniser = Protocol & { readonly parser: NonNullable<Protocol['parser']> };

export function isRecogniser(protocol: Protocol): protocol is Recogniser {
  return protocol.parser !== undefined;
}
