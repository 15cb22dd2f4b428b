/**
 * Every API in every version, read by Apache's own classes: what our encoder writes by the generated
 * definitions, they read as the same values. Together with the unit test, by which our decoder reads
 * what that encoder writes, this proves the definitions.
 */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Value, ValueMap } from '../../src/dissect/contract.ts';
import { apiOf, requestLayout, responseLayout } from '../../src/protocols/kafka/schema.ts';
import { encodeLayout, randomValues } from '../../src/protocols/kafka/test-encode.ts';
import { seededRandom } from '../fuzz/random.ts';
import { run } from './capture.ts';
import { kafkaClassPath, missingForKafka, newKafka, oldKafka } from './setup-kafka.ts';

const program = fileURLToPath(new URL('kafka-read.java', import.meta.url));
const missing = await missingForKafka();
const perVersion = 4;

interface Sample {
  readonly line: string;
  readonly where: string;
  readonly values: ValueMap;
}

function samples(): Sample[] {
  const random = seededRandom(31);
  const found: Sample[] = [];
  for (let key = 0; key < 128; key++) {
    const api = apiOf(key);
    if (api === undefined) continue;
    for (let version = api.oldest; version <= api.newest; version++) {
      for (let i = 0; i < perVersion * 2; i++) {
        const isRequest = i % 2 === 0;
        const layout = (isRequest ? requestLayout : responseLayout)(key, version)!;
        const values = randomValues(layout, random);
        const hex = Buffer.from(encodeLayout(layout, values)).toString('hex');
        const kind = isRequest ? 'q' : 's';
        const where = `${api.name} ${kind} ${version}`;
        found.push({ line: `${kind} ${key} ${version} ${hex}`, where, values });
      }
    }
  }
  return found;
}

/** Values without names and without what is empty: Apache leaves default values of tagged fields out. */
function essence(value: Value): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(essence).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([name]) => !/^(?:records|recordSet|unalignedRecords)(?:SizeInBytes)?$/.test(name))
    .map(([, each]) => essence(each))
    .filter((text) => !['null', 'false', '0', '[]', '""', '{}', '-1'].includes(text));
  return `{${members.sort().join()}}`;
}

async function readWith(version: string, lines: readonly string[]): Promise<string[]> {
  const words = ['-Xmx512m', '-cp', await kafkaClassPath(version), program];
  const { code, stdout, stderr } = await run('java', words, { input: `${lines.join('\n')}\n` });
  expect(code, stderr).toBe(0);
  return stdout.trimEnd().split('\n');
}

test.skipIf(missing !== undefined)(
  `Apache's classes read every message${missing === undefined ? '' : `: ${missing}`}`,
  async () => {
    const all = samples();
    const lines = all.map(({ line }) => line);
    const recent = await readWith(newKafka, lines);
    const old = await readWith(oldKafka, lines);
    let compared = 0;
    let unknown = 0;
    for (const [i, { where, values }] of all.entries()) {
      const answer = recent[i]!.startsWith('-') ? old[i]! : recent[i]!;
      expect(answer.startsWith('!'), `${where}: ${answer}`).toBe(false);
      if (answer.startsWith('-')) {
        unknown++;
        continue;
      }
      expect(essence(JSON.parse(answer) as Value), where).toBe(essence(values));
      compared++;
    }
    // Share groups as they were in the preview of 4.0 are known to neither.
    expect(unknown).toBeLessThan(perVersion * 2 * 12);
    expect(compared).toBeGreaterThan(2800);
  },
);
