/** Status codes of gRPC by number; Connect calls them by name. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

export const statusNames: readonly string[] = names;

const unknown = 2;

/** `NOT_FOUND` of 5; unknown numbers as they are. */
export function statusName(code: number): string {
  return names[code] ?? String(code);
}

/** Number of Connect's `not_found`; what it does not know is UNKNOWN. */
export function codeOfConnect(name: string): number {
  if (name === 'canceled') return 1;
  const code = names.indexOf(name.toUpperCase());
  return code < 0 ? unknown : code;
}
