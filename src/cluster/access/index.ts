/** access: kubeconfig and settings → a cluster that is asked, changed and reached; errors for people. */
export {
  type Applied,
  type ApplyOptions,
  applyObjects,
  pause,
} from './apply-objects.ts';
export { ClusterApi, type Reference } from './cluster-api.ts';
export { connect, leastVersion, type ServerVersion } from './connect.ts';
export { ClusterError, type ClusterErrorCode, hasCode } from './errors.ts';
export { currentNamespace, findKubeConfig, type KubeConfigOptions } from './kube-config.ts';
export { isManaged, managedSelector } from './labels.ts';
export { findSession, keepLease, type LeaseKeeper, type Session, sessionLives } from './lease.ts';
export { openPortForward, type PortForwarding } from './port-forward.ts';
export {
  findTrouble,
  isReady,
  observe,
  type Trouble,
  waitUntilReady,
} from './readiness.ts';
export { type Removal, removeObjects } from './remove-objects.ts';
export type { ClusterObject } from './resources.ts';
export { mayDo, missingRights, rightText } from './rights.ts';
