import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { capturesFolder, compareAllHttp1 } from './http1-all.ts';

// The captures are not part of the project: they are read from beside it when they are there.
describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  it('at least 99.5 % of the HTTP/1 messages are as tshark found them', async () => {
    const all = await compareAllHttp1();
    expect(all.captures).toBeGreaterThan(100);
    const unexplained = all.differences.filter(({ reason }) => reason === undefined);
    const share = all.agreeing / (all.messages - all.excused);
    expect(share, JSON.stringify(unexplained, null, 1)).toBeGreaterThanOrEqual(0.995);
  });
});
