/** Reads a file in chunks of 1 MB and does nothing with it: the floor below every reader. */
import { closeSync, openSync, readSync } from 'node:fs';

const chunk = Buffer.allocUnsafe(1 << 20);
const file = openSync(process.argv[2]!, 'r');
while (readSync(file, chunk, 0, chunk.length, null) > 0);
closeSync(file);
