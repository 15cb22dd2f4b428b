/**
 * resolve: address, port and time → who that was. On one machine: the demo's services and listening
 * processes; in a cluster: `cluster/`, which is loaded only there.
 */
export type { Identity, IdentityKind, NameOrigin, NameResolver } from './contract.ts';
export type { HeardName } from './heard-names.ts';
export { HostNames } from './host-names.ts';
export { LateNames, type NamedEnds } from './late-names.ts';
export { type AddressNames, fixedNames, LocalNames } from './local-names.ts';
