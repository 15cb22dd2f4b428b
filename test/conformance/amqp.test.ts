import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareAllAmqp } from './amqp.ts';
import { capturesFolder } from './http1-all.ts';

// The captures are not part of the project: they are read from beside it when they are there.
describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  it('every method of AMQP is as tshark found it', async () => {
    const { captures, methods, differences } = await compareAllAmqp();
    expect(captures).toBeGreaterThan(1);
    expect(methods).toBeGreaterThan(50);
    expect(differences).toEqual([]);
  });
});
