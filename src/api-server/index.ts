/** api-server: batches of all tappers, the cluster's objects → the store, the page, what tappers read */
export { StartError } from './environment.ts';
export { runApiServer } from './run.ts';
