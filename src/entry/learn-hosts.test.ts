import { expect, test } from 'vitest';
import { protocolByCode, protocols } from '../protocols/index.ts';
import type { Identity } from '../resolve/contract.ts';
import { Batch } from '../ship/batch.ts';
import { learnHosts } from './learn-hosts.ts';

const amqp = protocols.find(({ id }) => id === 'amqp')!.code;

test('hosts name addresses that nothing else names, and not what stands behind a service', () => {
  const batch = Batch.allocate(5, 1000);
  const put = (row: number, last: number, host: string) => {
    const bytes = new TextEncoder().encode(host);
    batch.heap.set(bytes, batch.heapUsed);
    batch.columns.host.set([batch.heapUsed, bytes.length], row * 2);
    batch.heapUsed += bytes.length;
    batch.columns.destinationAddress.set(
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, last],
      row * 16,
    );
    batch.columns.idTime[row] = 5_000_000;
    batch.rows = row + 1;
  };
  put(0, 1, 'maps.example');
  put(1, 2, 'evil.example');
  put(2, 3, 'front.example');
  put(3, 4, '');
  // A virtual host of AMQP is no name of the broker's address.
  put(4, 5, 'production');
  batch.columns.protocol[4] = amqp;
  batch.columns.frontPort[2] = 80;
  const learned: unknown[] = [];
  const pod: Identity = { kind: 'pod', name: 'cart' };
  const names = {
    identify: (address: string) => (address === '192.0.2.2' ? pod : undefined),
    learnHost: (...host: unknown[]) => learned.push(host),
  };
  learnHosts(batch, names, protocolByCode);
  expect(learned).toEqual([['192.0.2.1', 'maps.example', 5000, 'host']]);
});
