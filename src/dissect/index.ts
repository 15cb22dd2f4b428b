/** bytes of each side in order, and holes → exchanges, written as rows of batches. */
export { type DissectCounters, type DissectOptions, Dissector, ShedLevel } from './dissector.ts';
export { RowWriter, type RowWriterOptions } from './row-writer.ts';
