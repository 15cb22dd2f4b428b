/** What a live capture shall read: which addresses, which ports, and what never. */
export interface CaptureTargets {
  /** Grows with each change. */
  readonly version: number;
  /** Every packet from or to these, IPv4 or IPv6 as people write them: the target pods. */
  readonly addresses: readonly string[];
  /**
   * TCP traffic of one port: of a service in front of target pods, of pods on the node's own network. An
   * empty address means every address: node ports, host ports.
   */
  readonly endpoints: readonly CaptureEndpoint[];
  /** Mizu's own traffic, never read. */
  readonly ignored: readonly CaptureEndpoint[];
}

export interface CaptureEndpoint {
  readonly address: string;
  readonly port: number;
}
