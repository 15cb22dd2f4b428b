/**
 * `npm test`: brings what the tests call, builds the page, runs all of them; those that drive real brokers
 * and a real cluster in their short form. `--long`: in full (`MIZU_LONG_TESTS` tells them). Its last line is `N passed, N failed`, with `, N skipped` when there are such. Other arguments go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPage } from './build-page.ts';
import { buildProgram } from './build-program.ts';
import { provideTestNeeds } from './test-needs.ts';

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A file that could not even be loaded has no tests in the report; it counts as one failure. */
function count(report: Report, status: number): Counts {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const isLong = process.argv.includes('--long');
const given = process.argv.slice(2).filter((argument) => argument !== '--long');
const projects = given.some((argument) => argument.startsWith('--project'))
  ? []
  : ['node', 'brokers', 'cluster'].flatMap((name) => ['--project', name]);

function runVitest(): Counts {
  const root = new URL('..', import.meta.url).pathname;
  const folder = mkdtempSync(join(tmpdir(), 'mizu-test-'));
  const file = join(folder, 'report.json');
  try {
    const run = spawnSync(
      join(root, 'node_modules/.bin/vitest'),
      [
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        ...projects,
        ...given,
      ],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, ...(isLong && { MIZU_LONG_TESTS: '1' }) },
      },
    );
    return count(JSON.parse(readFileSync(file, 'utf8')) as Report, run.status ?? 1);
  } catch (error) {
    process.stderr.write(`vitest left no report: ${String(error)}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await buildProgram();
if (!provideTestNeeds() || !buildPage()) process.exit(1);
const { passed, failed, skipped } = runVitest();
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
