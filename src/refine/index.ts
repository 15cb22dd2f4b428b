/**
 * refine: sealed batches → the same, without what nobody is to see. Runs in the pipeline thread, before
 * anything leaves the node. (Secrets are redacted earlier still: while messages are copied into batches.)
 */
export { makeRefiner, type RefineOptions, type Refiner } from './refiner.ts';
