import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { capturesFolder } from './http1-all.ts';
import { compareAllHttp2 } from './http2.ts';

// The captures are not part of the project: they are read from beside it when they are there.
describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  it('every message of HTTP/2 is as tshark found it', async () => {
    const { captures, differences, extra } = await compareAllHttp2();
    expect(captures).toBeGreaterThan(8);
    expect(differences).toEqual([]);
    expect(extra).toEqual([]);
  });
});
