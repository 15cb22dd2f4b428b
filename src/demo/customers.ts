/** The customers: a list of things people do in a shop, done again and again at a bounded rate. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Call, type HttpClient, httpClient } from './client.ts';
import { categories, picture, products } from './goods.ts';
import { between, pick, type Random } from './random.ts';
import { newTrace } from './trace.ts';

export interface Shops {
  readonly storefront: string;
  readonly catalogue: string;
  readonly orders: string;
  readonly payments: string;
  /** Address that the customers call from, when the machine has it. */
  readonly from: string | undefined;
}

const browser = 'Mozilla/5.0 (X11; Linux x86_64) demo-customer/1.0';
const pipelinePatienceMs = 5000;

/** One person with a cookie jar of one cookie. */
class Customer {
  readonly #shops: Shops;
  readonly #client: HttpClient;
  readonly #random: Random;
  readonly #name: string;
  /** Resolves when the next request may be sent. */
  readonly #turn: () => Promise<void>;
  #cookie = '';

  constructor(shops: Shops, random: Random, name: string, turn: () => Promise<void>) {
    this.#shops = shops;
    this.#random = random;
    this.#name = name;
    this.#turn = turn;
    this.#client = httpClient(shops.from);
  }

  close(): void {
    this.#client.close();
  }

  async #do(url: string, call: Call = {}): Promise<Answer> {
    await this.#turn();
    return this.#client.call(url, {
      ...call,
      headers: {
        'User-Agent': browser,
        Accept: '*/*',
        traceparent: newTrace(),
        ...(this.#cookie !== '' && { Cookie: this.#cookie }),
        ...call.headers,
      },
    });
  }

  #shop(path: string, call?: Call): Promise<Answer> {
    return this.#do(this.#shops.storefront + path, call);
  }

  #form(path: string, fields: Record<string, string>): Promise<Answer> {
    return this.#shop(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
  }

  async browse(): Promise<void> {
    await this.#shop('/', { headers: { 'Accept-Encoding': 'gzip, deflate, br' } });
    await this.#shop('/assets/logo.svg');
    const category = pick(this.#random, categories);
    await this.#shop(`/search?category=${category}&q=a`, {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    const product = pick(this.#random, products);
    await this.#shop(`/products/${product.id}`, { headers: { 'Accept-Encoding': 'br' } });
    await this.#do(`${this.#shops.catalogue}/products/${product.id}/picture.png`);
  }

  async buy(): Promise<void> {
    const answer = await this.#form('/login', { user: this.#name, password: 'correct horse' });
    this.#cookie = (answer.headers['set-cookie'] ?? [])
      .map((set) => set.split(';', 1)[0])
      .join('; ');
    await this.#shop('/account');
    for (let i = between(this.#random, 1, 3); i > 0; i--) {
      const { sku } = pick(this.#random, products);
      await this.#form('/cart', { sku, quantity: String(between(this.#random, 1, 6)) });
    }
    await this.#shop('/checkout', { method: 'POST', headers: { 'Content-Length': '0' } });
  }

  async err(): Promise<void> {
    await this.#shop(`/products/${between(this.#random, 900, 999)}`);
    await this.#form('/login', { user: this.#name, password: 'wrong' });
    await this.#do(`${this.#shops.catalogue}/products?page=zero`);
    await this.#do(`${this.#shops.orders}/orders`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"cart": "broken',
    });
    await this.#do(`${this.#shops.payments}/charges`, { method: 'POST', body: '{}' });
    await this.#do(`${this.#shops.orders}/carts/x`, { method: 'PATCH' });
  }

  async review(): Promise<void> {
    const { id, sku } = pick(this.#random, products);
    const boundary = `----demo${between(this.#random, 1e6, 9e6)}`;
    const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n`;
    const body = Buffer.concat([
      Buffer.from(`${part('name="sku"')}\r\n${sku}\r\n`),
      Buffer.from(`${part('name="text"')}\r\nIt holds tea — très bien.\r\n`),
      Buffer.from(
        `${part(`name="photo"; filename="cup-${id}.png"`)}Content-Type: image/png\r\n\r\n`,
      ),
      picture(id),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    await this.#shop('/reviews', {
      method: 'POST',
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body,
      chunked: this.#random() < 0.5,
    });
  }

  async look(): Promise<void> {
    const { id } = pick(this.#random, products);
    const url = `${this.#shops.catalogue}/products/${id}`;
    const first = await this.#do(url);
    await this.#do(url, { headers: { 'If-None-Match': String(first.headers.etag) } });
    await this.#do(url, { method: 'HEAD' });
    await this.#shop('/index.php');
    await this.#do(`${this.#shops.payments}/statement.xml`, {
      headers: { Authorization: `Basic ${Buffer.from('accounting:hunter2').toString('base64')}` },
    });
  }

  async download(): Promise<void> {
    await this.#do(`${this.#shops.catalogue}/export.csv`);
  }

  /** Three requests in one packet, as no browser does any more but some clients do. */
  async pipeline(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.#turn();
    const { hostname, port } = new URL(this.#shops.catalogue);
    const paths = [1, 2, 3].map(() => `/products/${pick(this.#random, products).id}`);
    const socket = connect({
      host: hostname,
      port: Number(port),
      ...(this.#shops.from !== undefined && { localAddress: this.#shops.from }),
    });
    socket.setTimeout(pipelinePatienceMs, () => socket.destroy());
    socket.write(
      paths
        .map((path, i) => {
          const last = i === paths.length - 1 ? 'Connection: close\r\n' : '';
          return `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUser-Agent: ${browser}\r\n${last}\r\n`;
        })
        .join(''),
    );
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject).on('close', () => resolve());
      socket.resume();
    });
  }
}

/** How often each habit is chosen, as shares of their sum. */
const habits: readonly (readonly [keyof Customer & string, number])[] = [
  ['browse', 30],
  ['buy', 30],
  ['look', 15],
  ['review', 8],
  ['pipeline', 7],
  ['err', 8],
  ['download', 2],
];
const habitDeck = habits.flatMap(([habit, share]) => Array<typeof habit>(share).fill(habit));
const leastCustomers = 4;
const mostCustomers = 64;
const names = ['ada', 'grace', 'linus', 'margaret', 'alan', 'barbara', 'edsger', 'radia'];

/** Sends about `rate` requests a second until `signal` is aborted. A failed call is part of life. */
export async function serveCustomers(
  shops: Shops,
  options: { readonly rate: number; readonly signal: AbortSignal; readonly random: Random },
): Promise<void> {
  const { rate, signal, random } = options;
  let nextAt = performance.now();
  const turn = async () => {
    const now = performance.now();
    nextAt = Math.max(now, nextAt) + 1000 / rate;
    await sleep(nextAt - now, undefined, { signal });
  };
  const count = Math.min(mostCustomers, Math.max(leastCustomers, Math.ceil(rate / 4)));
  const lives = Array.from({ length: count }, async (_, i) => {
    const customer = new Customer(shops, random, names[i % names.length]!, turn);
    signal.addEventListener('abort', () => customer.close(), { once: true });
    for (let round = 0; !signal.aborted; round++) {
      // The first customer shows everything once; otherwise chance decides.
      const tour = i === 0 ? habits[round]?.[0] : undefined;
      const habit = tour ?? pick(random, habitDeck);
      await customer[habit as 'browse']().catch(() => turn().catch(() => undefined));
    }
    customer.close();
  });
  await Promise.all(lives);
}
