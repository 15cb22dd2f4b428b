/**
 * `locked`: another process has the folder now. `bad_store`: it cannot hold a store. `other_format`: it
 * holds one of another Mizu.
 */
export type StoreErrorCode = 'locked' | 'bad_store' | 'other_format';

/** Why a store cannot be opened, as a sentence for the user. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
