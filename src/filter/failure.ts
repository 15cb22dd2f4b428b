/** The one exception of the parser: thrown where a query breaks, caught in `parseQuery`. */
import type { Place, QueryError } from './contract.ts';

export class QueryFailure extends Error {
  readonly detail: QueryError;

  constructor(detail: QueryError) {
    super(detail.message);
    this.detail = detail;
  }
}

export function fail(place: Place, message: string, suggestion?: string): never {
  const hint = suggestion === undefined ? {} : { suggestion };
  throw new QueryFailure({ from: place.from, to: place.to, message, ...hint });
}
