/** `npm run build`: the page and the bundle of the program, as far as they are older than their sources. */
import { buildPage } from './build-page.ts';
import { buildProgram } from './build-program.ts';

await buildProgram();
process.exitCode = buildPage() ? 0 : 1;
