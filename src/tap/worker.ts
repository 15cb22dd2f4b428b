/** Entry point of a pipeline thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadOptions } from './messages.ts';
import { runThread } from './thread.ts';

if (parentPort !== null) await runThread(workerData as ThreadOptions, parentPort);
