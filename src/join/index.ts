/** join: batches of all tappers, each call as often as it was seen → batches with each call once */
export type { JoinCounters, JoinOptions, KindOf, SeenKind } from './contract.ts';
export { Join } from './join.ts';
export { Unanswered } from './unanswered.ts';
