import { clockJumpMs } from './limits.ts';

/**
 * Packet time. Small steps back (disorder between interfaces) do not move it; a large one starts time
 * anew. A jump that only a single packet makes is not believed.
 */
export class Clock {
  nowMs = 0;
  #started = false;
  /** The time of the packet before, if that was a jump: +1 forward, -1 back. */
  #jumpMs = 0;
  #jump = 0;

  /** Whether the last packet has jumped and the next one is to decide. */
  get isInDoubt(): boolean {
    return this.#jump !== 0;
  }

  /** Takes the time of the next packet; true when it was set back, so that running waits are void. */
  tick(packetMs: number): boolean {
    if (Number.isNaN(packetMs)) return false;
    if (!this.#started) {
      this.#started = true;
      this.nowMs = packetMs;
      return false;
    }
    const step = packetMs - this.nowMs;
    if (Math.abs(step) <= clockJumpMs) {
      this.#jump = 0;
      if (step > 0) this.nowMs = packetMs;
      return false;
    }
    const jump = step > 0 ? 1 : -1;
    if (this.#jump !== jump) {
      this.#jump = jump;
      this.#jumpMs = packetMs;
      return false;
    }
    // Two in a row: time is where both have been. A file with a packet an hour goes on like this.
    this.nowMs = jump > 0 ? Math.min(packetMs, this.#jumpMs) : packetMs;
    this.#jumpMs = packetMs;
    this.#jump = Math.abs(packetMs - this.nowMs) > clockJumpMs ? jump : 0;
    return jump < 0;
  }
}
