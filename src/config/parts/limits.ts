import { defaultLimits } from '../../limits.ts';
import { duration, group, number, size } from '../declare.ts';

const day = 86_400_000;

/** Longest and largest values: what memory and patience of a machine can still be meant. */
export const limits = group(
  'What bounds time and memory. A tapper uses less than it may where its memory limit wants that.',
  {
    pending: duration(
      defaultLimits.pendingMs,
      'how long a call may wait for its answer before it is shown as one without',
      { least: 1000, most: 30 * day },
    ),
    absent: duration(
      defaultLimits.absentMs,
      'a tapper that has not heard of the API server for so long stops capturing',
      { least: 60_000, most: 30 * day },
    ),
    connections: number(defaultLimits.connections, 'connections that are followed at a time', {
      least: 10,
      most: 10_000_000,
    }),
    idle: duration(defaultLimits.idleMs, 'a connection that is silent for so long is over', {
      least: 1000,
      most: 7 * day,
    }),
    'acknowledged-wait': duration(
      defaultLimits.acknowledgedWaitMs,
      'how long missing bytes that their receiver has acknowledged are waited for',
      { least: 0, most: 60_000 },
    ),
    'gap-wait': duration(
      defaultLimits.gapWaitMs,
      'how long missing bytes that nobody has acknowledged are waited for',
      { least: 0, most: 600_000 },
    ),
    'stream-buffer': size(
      defaultLimits.streamBytes,
      'bytes behind missing ones that are kept, of one stream',
      { least: 1000, most: 1 << 30 },
    ),
    'reassembly-buffer': size(
      defaultLimits.reassemblyBytes,
      'bytes behind missing ones that are kept, of all streams',
      { least: 1000, most: 4 * 2 ** 30 },
    ),
    'message-buffer': size(
      defaultLimits.messageBytes,
      'bytes of messages that are not complete, of all connections',
      { least: 1 << 20, most: 4 * 2 ** 30 },
    ),
    'batch-rows': number(defaultLimits.batchRows, 'entries that are handed on at once', {
      least: 16,
      most: 1 << 16,
    }),
    'batch-size': size(defaultLimits.batchBytes, 'bytes that are handed on at once', {
      least: 1 << 16,
      most: 64 << 20,
    }),
  },
);
