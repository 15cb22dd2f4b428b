/** W3C trace context: one trace id through all services that a customer's click reaches. */
import { randomBytes } from 'node:crypto';

/** A `traceparent` value that begins a trace. */
export function newTrace(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

/** The `traceparent` for a call made while answering one that carried `parent`. */
export function childTrace(parent: string | undefined): string {
  const [version, trace] = parent?.split('-') ?? [];
  if (version !== '00' || trace?.length !== 32) return newTrace();
  return `00-${trace}-${randomBytes(8).toString('hex')}-01`;
}
