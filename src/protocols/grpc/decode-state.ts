/** What decoding a message goes by, and what is left of its limits. */
import type { MessageSchema, MethodSchema } from './schema.ts';

/** Messages within messages. */
export const maxDepth = 64;
/** Values of one message, all depths together. */
export const maxValues = 50_000;

/** Where types are looked up. */
export interface TypeSource {
  message(name: string): MessageSchema | undefined;
  enumeration(name: string): ReadonlyMap<number, string> | undefined;
  method(path: string): MethodSchema | undefined;
}

export interface DecodeState {
  /** Values that may still be made. */
  left: number;
  readonly types: TypeSource;
  /** What has to be said of the result, in words; empty: all is well. */
  readonly remarks: Set<string>;
}

export function newDecodeState(types: TypeSource): DecodeState {
  return { left: maxValues, types, remarks: new Set() };
}
