/** One entry a line on a stream, at the reader's pace. */
import type { Writable } from 'node:stream';
import { type RowContext, storedFromBatch } from '../entry/row.ts';
import { entryOf, subjectOf } from '../entry/subject.ts';
import type { Subject } from '../filter/contract.ts';
import type { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import type { TakeBatch } from './pipelines.ts';

/** Characters gathered before they are written. */
const chunkCharacters = 1 << 18;

/** Writes every final row that `matches`; a batch is held until the stream has taken its lines. */
export function jsonlWriter(
  output: Writable,
  context: RowContext,
  matches: ((subject: Subject) => boolean) | undefined,
): TakeBatch {
  return (batch: Batch) => {
    let text = '';
    let full = false;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.columns.outcome[row] === Outcome.Pending) continue;
      const stored = storedFromBatch(batch, row, context);
      if (matches !== undefined && !matches(subjectOf(stored, context.protocolByCode))) continue;
      text += `${JSON.stringify(entryOf(stored, context.protocolByCode))}\n`;
      if (text.length < chunkCharacters) continue;
      full = !output.write(text) || full;
      text = '';
    }
    if (text !== '') full = !output.write(text) || full;
    if (!full) return undefined;
    return new Promise<void>((resolve) => {
      const go = () => {
        output.off('drain', go);
        output.off('close', go);
        output.off('error', go);
        resolve();
      };
      output.on('drain', go);
      output.on('close', go);
      output.on('error', go);
    });
  };
}
