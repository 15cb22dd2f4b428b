import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { comparables } from './all.ts';
import { capturesFolder } from './http1-all.ts';
import { compareLines } from './messages.ts';

/** Messages that the collection holds at least, so that an empty comparison is noticed. */
const atLeast: Readonly<Record<string, number>> = {
  WebSocket: 240,
  Redis: 420,
  'AMQP 0-9-1': 54,
  Kafka: 10,
};

// The captures are not part of the project: they are read from beside it when they are there.
describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  it.each(comparables.map((each) => [each.title, each] as const))(
    'every message of %s is as the ground truth has it',
    { timeout: 120_000 },
    async (title, protocol) => {
      const { messages, differences } = await compareLines(protocol);
      expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
      expect(messages).toBeGreaterThanOrEqual(atLeast[title]!);
    },
  );
});
