import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PayloadFile } from './payload-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'mizu-payload-test-'));
const path = join(folder, 'a.payload');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const content = (number: number) => Buffer.from(`block ${number} `.repeat(number + 1));

function write(numbers: readonly number[]): void {
  rmSync(path, { force: true });
  const file = PayloadFile.create(path);
  for (const number of numbers) file.write(number, content(number), 1000 + number);
  file.close();
}

test('blocks are read back, also after the file was opened again', () => {
  write([0, 1, 2, 5]);
  const file = PayloadFile.open(path, 'everything');
  expect(file.repairs).toEqual([]);
  expect(file.blocks).toBe(6);
  expect(file.read(2)).toEqual({ compressed: content(2), rawBytes: 1002 });
  expect(file.read(3)).toBeUndefined();
  file.write(6, content(6), 6);
  expect(file.read(6)?.compressed).toEqual(content(6));
  file.close();
  expect(file.read(6)).toBeUndefined();
});

test('whatever happens to the bytes, the blocks left are good and new ones can be written', () => {
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
  write(numbers);
  const whole = readFileSync(path);
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.nat(200),
      fc.constantFrom('cut', 'overwrite', 'insert', 'remove'),
      (at, length, how) => {
        const rubbish = Buffer.alloc(length, 'MZB1');
        const end = how === 'insert' ? at : at + length;
        const middle = how === 'overwrite' || how === 'insert' ? rubbish : Buffer.alloc(0);
        const tail = how === 'cut' ? Buffer.alloc(0) : whole.subarray(end);
        writeFileSync(path, Buffer.concat([whole.subarray(0, at), middle, tail]));
        const file = PayloadFile.open(path, 'everything');
        let lost = 0;
        for (const number of numbers) {
          const block = file.read(number);
          if (block) expect(block.compressed).toEqual(content(number));
          else lost++;
        }
        // A cut between two blocks is the one loss that the file itself cannot show.
        if (lost > 0 && how !== 'cut' && how !== 'remove') {
          expect(file.repairs.length).toBeGreaterThan(0);
        }
        expect(lost).toBeLessThanOrEqual(how === 'cut' ? 8 : 6);
        const next = Math.max(file.blocks, 8);
        file.write(next, content(next), 1);
        file.close();
        const again = PayloadFile.open(path, 'last blocks');
        expect(again.read(next)?.compressed).toEqual(content(next));
        again.close();
      },
    ),
    { numRuns: 200 },
  );
});
