/** targets: a selection and the pods there are → the pods that are tapped, and why others are not. */
export { addressesByNode, changeOf, noTargets, type TargetChange } from './change.ts';
export { type FollowOptions, type PodSource, TargetFollower } from './follow.ts';
export { listTargets } from './list.ts';
export {
  type CompiledSelection,
  compileSelection,
  isOfMizu,
  type NotTargeted,
  type NotTargetedReason,
  selectTargets,
  type Target,
  type TargetSelection,
  type TargetSet,
} from './select.ts';
export { parseSelector } from './selector.ts';
export { parseWorkload } from './workload.ts';
