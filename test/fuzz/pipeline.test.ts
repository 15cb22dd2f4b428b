import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runPipelineFuzz } from './pipeline.ts';

// The material is read from beside the project; the long form is `npm run fuzz`.
it.skipIf(!existsSync(join(import.meta.dirname, '../../../shared/pcaps')))(
  'damaged captures go through the whole pipeline, and what is kept can be shown',
  async () => {
    const { packets, rows, decoded } = await runPipelineFuzz({ packets: 60_000, seed: 7 });
    expect(packets).toBeGreaterThanOrEqual(60_000);
    expect(rows).toBeGreaterThan(1000);
    expect(decoded).toBeGreaterThan(100);
  },
);
