/** A process that stores exchanges until it is killed; writes what it has appended, and when. */
import { openStore } from './index.ts';
import { protocolByCode, schema, trafficBatch } from './test-support.ts';

const store = await openStore({
  directory: process.argv[2],
  limitBytes: 200_000_000,
  protocolByCode,
  schema,
});
let number = 0;
setInterval(() => {
  store.append(trafficBatch({ rows: 50, first: number }));
  number += 50;
  process.stdout.write(`${number} ${Date.now()}\n`);
}, 10);
