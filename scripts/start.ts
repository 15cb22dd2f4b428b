/**
 * `npm start`: the page built, this machine tapped, the demo shop open. Whatever follows `--` goes to
 * `mizu tap --local`; `--no-demo` leaves the shop out.
 */
import { buildPage } from './build-page.ts';
import { buildProgram } from './build-program.ts';

const program = await buildProgram();
if (!buildPage()) {
  process.stderr.write('The page could not be built: npm ci brings what it needs.\n');
  process.exit(1);
}
const words = process.argv.slice(2);
const demo = words.includes('--no-demo') ? [] : ['--demo'];
process.argv.splice(
  2,
  words.length,
  'tap',
  '--local',
  ...demo,
  ...words.filter((word) => word !== '--no-demo'),
);
await import(program);
