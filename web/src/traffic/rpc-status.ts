/** Status codes of gRPC by name (https://grpc.io/docs/guides/status-codes/); 0 is a status as well. */
import type { EntryRow } from '../../../src/entry/entry.ts';

const names = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND'],
  ...['ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION'],
  ...['ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'],
  'UNAUTHENTICATED',
] as const;

/** The name of the status of a gRPC call that was answered; empty for everything else. */
export function rpcStatusName({ contentType, parent, outcome, status }: EntryRow): string {
  if (!contentType.startsWith('application/grpc') || parent !== '') return '';
  return outcome === 'ok' || outcome === 'failed' ? (names[status] ?? '') : '';
}
