/** in: the packets of a node → out: batches, to the API server */
export { EnvironmentError } from './environment.ts';
export { runTapper } from './run.ts';
