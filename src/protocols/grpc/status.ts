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

/** What a client makes of a stream that its server resets (gRPC over HTTP/2, "Errors"). */
const ofResets: Readonly<Record<number, number>> = {
  /** REFUSED_STREAM → UNAVAILABLE */
  7: 14,
  /** CANCEL → CANCELLED */
  8: 1,
  /** ENHANCE_YOUR_CALM → RESOURCE_EXHAUSTED */
  11: 8,
  /** INADEQUATE_SECURITY → PERMISSION_DENIED */
  12: 7,
};
const internal = 13;
const cancelled = 1;

/**
 * Status of gRPC that an error code of RST_STREAM stands for. A client that resets a stream has cancelled
 * its call, whatever code its library sends.
 */
export function statusOfReset(errorCode: number, byClient: boolean): number {
  return byClient ? cancelled : (ofResets[errorCode] ?? internal);
}

/** `not_found` of 5, as Connect calls it. */
export function connectName(code: number): string {
  return code === 1 ? 'canceled' : statusName(code).toLowerCase();
}

/** Number of Connect's `not_found`; what it does not know is UNKNOWN. */
export function codeOfConnect(name: string): number {
  if (name === 'canceled') return 1;
  const code = names.indexOf(name.toUpperCase());
  return code < 0 ? unknown : code;
}
