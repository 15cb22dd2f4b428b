import type { DecodedExchange, Payload } from '../../dissect/contract.ts';
export function decode(_payload: Payload): DecodedExchange {
  return { request: undefined, response: undefined };
}
