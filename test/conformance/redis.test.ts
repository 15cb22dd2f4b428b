/** Redis in the captures beside the project: every command and every reply as their truth has them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesOf } from './http1.ts';
import { captureFiles, capturesFolder } from './http1-all.ts';

/** Values of the truth: type character and content. Of an aggregate there are 200 elements at most. */
type Told = readonly [string, unknown];

interface TruthRecord {
  readonly type: string;
  readonly cmd?: readonly string[];
  readonly inline?: string;
  readonly value?: Told;
}

/** A netcat that plays a server: what its client says is no command. */
const noCommands = /^FAKE/;
const shownLength = 60;
/** Elements of an aggregate, names of a map that are compared. */
const comparedElements = 100;

/** What is comparable of a told value: numbers as texts, long texts by their beginning. */
function plain([type, content]: Told): unknown {
  if (type === '|') return plain((content as { value: Told }).value);
  if (type === '%') {
    const items = (content as Told[]).map(plain);
    const names = items.filter((_, i) => i % 2 === 0);
    const pairs = names.map((name, i) => [String(name), items[2 * i + 1]] as const);
    return Object.fromEntries(pairs.slice(0, comparedElements));
  }
  if (Array.isArray(content)) return (content as Told[]).slice(0, comparedElements).map(plain);
  if (type === '-') return short(`(error) ${content}`);
  return content === null ? null : short(String(content));
}

/** The same of a value of Mizu. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, comparedElements).map(shown);
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).slice(0, comparedElements);
    return Object.fromEntries(pairs.map(([name, each]) => [name, shown(each)]));
  }
  return value === null ? null : short(String(value));
}

const short = (text: string) => text.slice(0, shownLength);
const lines = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();

function truthOf(file: string): TruthRecord[] {
  const path = join(capturesFolder, 'truth', `${file}.jsonl`);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8').split('\n');
  return text.filter((line) => /^.type.: .redis_/.test(line.slice(1))).map(read);
}

const read = (line: string) => JSON.parse(line) as TruthRecord;

describe.skipIf(!existsSync(capturesFolder))('captures made by others', () => {
  const files = captureFiles();
  const truths = new Map(files.map((file) => [file, truthOf(file)]));
  const withRedis = files.filter((file) => truths.get(file)!.length > 0);

  it('some of them hold Redis', () => {
    expect(withRedis.length).toBeGreaterThan(8);
  });

  it.each(withRedis)('%s', async (file) => {
    const truth = truths.get(file)!;
    const entries = (await entriesOf(join(capturesFolder, file))).filter(
      ({ protocol }) => protocol.name === 'redis',
    );
    const typed = entries.flatMap(({ request }) =>
      request === undefined ? [] : [short(String(request['typed']))],
    );
    const commands = truth.filter(({ type }) => type === 'redis_cmd');
    const wanted = commands.map(({ cmd, inline }) => short(inline ?? cmd!.join(' ')));
    expect(lines(typed.map((text) => text.replaceAll('"', '')))).toEqual(
      lines(
        wanted.filter((line) => !noCommands.test(line)).map((line) => line.replaceAll('"', '')),
      ),
    );
    const replies = entries.flatMap(({ response }) =>
      response === undefined ? [] : [shown(response['reply'])],
    );
    const told = truth
      .filter(({ type }) => type === 'redis_reply')
      .map(({ value }) => plain(value!));
    expect(lines(replies)).toEqual(lines(told));
  });

  it('nothing else is taken for Redis', { timeout: 300_000 }, async () => {
    const falseAlarms: string[] = [];
    for (const file of files) {
      if (truths.get(file)!.length > 0) continue;
      const entries = await entriesOf(join(capturesFolder, file));
      if (entries.some(({ protocol }) => protocol.name === 'redis')) falseAlarms.push(file);
    }
    expect(falseAlarms).toEqual([]);
  });
});
