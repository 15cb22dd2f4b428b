import { compileFilter, Interpreter, locate, type PacketFacts } from './bpf/index.ts';
import type { PacketSink } from './contract.ts';

/** A capture filter for packets from files, where no kernel applies it. Throws a `FilterError`. */
export function packetFilter(expression: string): PacketFilter {
  return new PacketFilter(new Interpreter(compileFilter(expression)));
}

/** Hands on only the packets that a compiled filter accepts, and counts the others. */
export class PacketFilter implements PacketSink {
  ignored = 0;
  ignoredBytes = 0;
  private readonly interpreter: Interpreter;
  private target: PacketSink | undefined;
  private readonly facts: PacketFacts = {
    protocol: 0,
    networkOffset: 0,
    packetType: 0,
    interfaceIndex: 0,
    hardwareType: 0,
  };

  constructor(interpreter: Interpreter) {
    this.interpreter = interpreter;
  }

  /** The sink to read into when the accepted packets shall go to `target`. */
  before(target: PacketSink): PacketSink {
    this.target = target;
    return this;
  }

  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
    interfaceIndex: number,
  ): void {
    locate(this.facts, bytes, start, end, linkType);
    if (this.interpreter.run(bytes, start, end, wireLength, this.facts) === 0) {
      this.ignored++;
      this.ignoredBytes += end - start;
      return;
    }
    this.target?.packet(bytes, start, end, wireLength, linkType, timestampMs, interfaceIndex);
  }
}
