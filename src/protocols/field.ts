/** A field that queries may name, in one line of a protocol's list. */
import type { FieldDeclaration } from '../dissect/contract.ts';

type Extra = Partial<Pick<FieldDeclaration, 'values' | 'column'>>;

export function field(
  type: FieldDeclaration['type'],
  path: string,
  help: string,
  extra: Extra = {},
): FieldDeclaration {
  return { path, type, help, ...extra };
}
