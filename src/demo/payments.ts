/** Payments: needs a key, is sometimes slow, sometimes down, and speaks XML to accountants. */
import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Random } from './random.ts';
import type { Route, Visit } from './service.ts';

const slowShare = 0.12;
const downShare = 0.05;
/** Above this a card is declined, in cents. */
const cardLimit = 30_000;

async function charge(visit: Visit, random: Random): Promise<void> {
  if (!visit.header('authorization')?.startsWith('Bearer ')) {
    visit.reply(
      401,
      { error: 'a key is needed' },
      { 'WWW-Authenticate': 'Bearer realm="payments"' },
    );
    return;
  }
  const { order, amount } = await visit.json();
  if (random() < slowShare) await sleep(between(random, 900, 2500));
  if (random() < downShare) {
    visit.send(503, 'text/plain', 'upstream bank is not available\n', { 'Retry-After': '5' });
    return;
  }
  if (Number(amount) > cardLimit) {
    visit.reply(402, { error: { code: 'card_declined', order, amount } });
    return;
  }
  visit.reply(201, { id: `ch_${order}`, order, amount, currency: 'EUR', status: 'captured' });
}

const statement = `<?xml version="1.0" encoding="UTF-8"?>
<statement xmlns="urn:demo:payments" currency="EUR">
  <period from="2026-11-01" to="2026-11-30"/>
  <entry id="1"><order>1001</order><amount>24.90</amount></entry>
  <entry id="2"><order>1002</order><amount>119.00</amount></entry>
</statement>
`;

export function paymentsRoutes(random: Random): readonly Route[] {
  return [
    { method: 'POST', path: /^\/charges$/, answer: (visit) => charge(visit, random) },
    {
      method: 'GET',
      path: /^\/statement\.xml$/,
      answer: (visit) => visit.send(200, 'application/xml', statement),
    },
  ];
}
