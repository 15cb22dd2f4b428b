/** When nobody read on a node though targets were there: a tapper was killed, or replaced. */
import type { TapperState } from '../link/index.ts';

/** Gaps that are told; older ones are forgotten. */
const mostGaps = 10;

type Tapper = Pick<TapperState, 'nodeName' | 'process' | 'connected' | 'capture' | 'lastSeen'>;

interface Known {
  readonly process: string;
  /** When it was last known to read, ms since 1970. */
  seenMs: number;
}

export class CaptureGaps {
  readonly #nodes = new Map<string, Known>();
  readonly #sentences: string[] = [];

  /** A tapper has come, gone, or changed what it does. */
  note({ nodeName, process, connected, capture, lastSeen }: Tapper, nowMs: number): void {
    const known = this.#nodes.get(nodeName);
    if (!connected) {
      if (known?.process === process) known.seenMs = lastSeen;
      return;
    }
    if (capture.state !== 'capturing') return;
    if (known !== undefined && known.process !== process) {
      this.#sentences.push(
        `Nothing was read on ${nodeName} from ${timeText(known.seenMs)} to ${timeText(nowMs)} UTC, when its tapper was replaced: calls that no other node saw are missing.`,
      );
      this.#sentences.splice(0, this.#sentences.length - mostGaps);
    }
    this.#nodes.set(nodeName, { process, seenMs: nowMs });
  }

  /** Nodes without targets have no tapper, and miss nothing. */
  keep(nodes: readonly string[]): void {
    for (const name of this.#nodes.keys()) {
      if (!nodes.includes(name)) this.#nodes.delete(name);
    }
  }

  /** Sentences for people, the oldest first. */
  get notices(): readonly string[] {
    return this.#sentences;
  }
}

/** To the second: `14:30:46`. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
