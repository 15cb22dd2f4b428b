/** targets: a selection and the pods there are → the pods that are tapped, and why others are not. */
export { addressesByNode, noTargets, type TargetChange } from './change.ts';
export { type FollowOptions, type PodSource, TargetFollower } from './follow.ts';
export { listTargets } from './list.ts';
export {
  type CompiledSelection,
  compileSelection,
  type NotTargeted,
  type NotTargetedReason,
  type Target,
  type TargetSelection,
  type TargetSet,
} from './select.ts';
