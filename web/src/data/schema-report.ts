/** The shapes of `/schema-files`: what was given, and what the server read in it. */
import type { GivenSchemas } from '../../../src/dissect/contract.ts';

/** A file as the server read it. */
export interface ReadFile {
  readonly name: string;
  readonly bytes: number;
  /** Full names of the types of messages, and of the calls by service: `shop.Cart` → `Add`, `Remove`. */
  readonly messages?: readonly string[];
  readonly services?: readonly { readonly name: string; readonly methods: readonly string[] }[];
}

/** A server that does not list its files tells only how much they say. */
export interface SchemaReport extends GivenSchemas {
  readonly files?: readonly ReadFile[];
}

/** Without its content: a file that was given before stays as it is. */
export interface GivenFile {
  readonly name: string;
  readonly content?: string;
}
