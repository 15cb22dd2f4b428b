/**
 * TCP segments → the bytes of each end in order, and holes.
 *
 * In: `Segment`s in capture order. Out: calls to a `StreamSink`: open, data, hole, finish, close.
 * Time is the packets' time, so a file gives the same result at any reading speed.
 */
export * from './contract.ts';
export { defaultReassembleLimits } from './limits.ts';
export { Reassembler } from './reassembler.ts';
