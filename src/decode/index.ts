/**
 * packets → TCP segments and UDP datagrams.
 *
 * In: the bytes of one packet, its link type and time. Out: one `Segment`, overwritten by the next
 * packet, with addresses, ports, the place of the payload, and the scope: the VLANs and tunnels that
 * the packet came in.
 */
export * from './contract.ts';
export { Decoder } from './decoder.ts';
