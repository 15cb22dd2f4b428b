/** resolve: addresses → what is there. On one machine: the demo's services and listening processes. */
export { type AddressNames, LocalNames } from './local-names.ts';
