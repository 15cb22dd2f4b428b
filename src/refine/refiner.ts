/** Rules that say which rows are left out, and their application to a batch. */
import type { Batch } from '../ship/batch.ts';
import { keepRows } from '../ship/copy-row.ts';
import { type ProtocolByCode, userAgentRule } from './ignored-user-agents.ts';

export interface RefineOptions {
  /** Calls whose User-Agent contains one of these texts, in any case, are left out. */
  readonly ignoredUserAgents: readonly string[];
}

/** Whether a row is left out. Asked for every row, so cheap for those that are not. */
export type Rule = (batch: Batch, row: number) => boolean;

/** Ids of calls left out that are remembered, for the messages within them. */
const maxParents = 8192;

export interface Refiner {
  /** Exchanges that were left out, once each. */
  readonly ignored: number;
  /** Takes rows out of the batch; afterwards it may be empty. */
  refine(batch: Batch): void;
}

/** Undefined when nothing is to be left out: then refining costs nothing. */
export function makeRefiner(
  { ignoredUserAgents }: RefineOptions,
  protocolByCode: ProtocolByCode,
): Refiner | undefined {
  const rules: Rule[] = [];
  const texts = ignoredUserAgents.filter((text) => text !== '');
  if (texts.length > 0) rules.push(userAgentRule(texts, protocolByCode));
  return rules.length === 0 ? undefined : new RuleRefiner(rules);
}

class RuleRefiner implements Refiner {
  ignored = 0;
  readonly #rules: readonly Rule[];
  /** Second half of the id → first half, the one used last at the end. */
  readonly #parents = new Map<number, number>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  refine(batch: Batch): void {
    const { idTime, idSequence, parentTime, parentSequence } = batch.columns;
    const out = new Set<number>();
    // Messages are complete before the call that they belong to: calls are judged first.
    for (const areMessages of [false, true]) {
      for (let row = 0; row < batch.rows; row++) {
        if ((parentTime[row] !== 0) !== areMessages) continue;
        const isOut =
          this.#isKnown(idTime[row]!, idSequence[row]!) ||
          (areMessages && this.#isKnown(parentTime[row]!, parentSequence[row]!)) ||
          this.#rules.some((rule) => rule(batch, row));
        if (!isOut) continue;
        out.add(row);
        this.#remember(idTime[row]!, idSequence[row]!);
      }
    }
    if (out.size === 0) return;
    const rows = Array.from({ length: batch.rows }, (_, row) => row);
    keepRows(
      batch,
      rows.filter((row) => !out.has(row)),
    );
  }

  #isKnown(time: number, sequence: number): boolean {
    return this.#parents.size > 0 && this.#parents.get(sequence) === time;
  }

  /** A pending row and its final one are one exchange. */
  #remember(time: number, sequence: number): void {
    if (this.#parents.get(sequence) !== time) this.ignored++;
    this.#parents.delete(sequence);
    this.#parents.set(sequence, time);
    if (this.#parents.size <= maxParents) return;
    for (const oldest of this.#parents.keys()) {
      this.#parents.delete(oldest);
      return;
    }
  }
}
