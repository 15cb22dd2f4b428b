import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesOf } from './http1.ts';
import { captureFiles, capturesFolder, compareAllHttp1 } from './http1-all.ts';

// The captures are not part of the project: they are read from beside it when they are there.
describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  it('at least 99.5 % of the HTTP/1 messages are as tshark found them', async () => {
    const all = await compareAllHttp1();
    expect(all.captures).toBeGreaterThan(100);
    const unexplained = all.differences.filter(({ reason }) => reason === undefined);
    const share = all.agreeing / (all.messages - all.excused);
    expect(share, JSON.stringify(unexplained, null, 1)).toBeGreaterThanOrEqual(0.995);
  });

  it('every one is read to its end, and no HTTP is seen where there is none', async () => {
    const falseAlarms: string[] = [];
    for (const file of captureFiles()) {
      const entries = await entriesOf(join(capturesFolder, file));
      const truth = join(capturesFolder, 'truth', `${file}.jsonl`);
      const text = existsSync(truth) ? readFileSync(truth, 'utf8') : '';
      if (entries.length > 0 && !/"http1|"http_|HTTP|http/.test(text)) falseAlarms.push(file);
    }
    expect(falseAlarms).toEqual([]);
  });
});
