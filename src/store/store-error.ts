/** `locked`: another process has the folder now. `bad_store`: it cannot hold a store. */
export type StoreErrorCode = 'locked' | 'bad_store';

/** Why a store cannot be opened, as a sentence for the user. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
