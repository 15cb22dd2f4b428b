import { expect, test } from 'vitest';
import { defaultLimits, pipelineLimits } from './limits.ts';
import { defaultBatchHeapBytes, defaultBatchRows, defaultWindowBytes } from './pipeline.ts';
import { defaultReassembleLimits } from './reassemble/index.ts';

test('what nobody changes is what the stages use by themselves', () => {
  expect(pipelineLimits(defaultLimits)).toEqual({
    limits: defaultReassembleLimits,
    batchRows: defaultBatchRows,
    batchHeapBytes: defaultBatchHeapBytes,
    windowBytes: defaultWindowBytes,
  });
});
