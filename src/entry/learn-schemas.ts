/** Batch → what protocols learn from traffic for reading other traffic: types that servers tell about. */
import type { Protocol } from '../dissect/contract.ts';
import { type Batch, payloadAt } from '../ship/batch.ts';

/** Costs a comparison for rows of protocols that learn nothing. */
export function schemaLearner(protocols: readonly Protocol[]): (batch: Batch) => undefined {
  const learners = new Map(
    protocols.flatMap((protocol) =>
      protocol.learn === undefined ? [] : [[protocol.code, protocol.learn] as const],
    ),
  );
  return (batch) => {
    const { columns, rows } = batch;
    for (let row = 0; row < rows; row++) {
      const learn = learners.get(columns.protocol[row]!);
      if (learn === undefined) continue;
      const response = payloadAt(batch, columns.responseOffset[row]!, columns.responseLength[row]!);
      if (response !== undefined) learn(response);
    }
  };
}
