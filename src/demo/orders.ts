/** Carts and orders: keeps state, reserves stock at the catalogue, charges at payments. */
import { type Product, products } from './goods.ts';
import type { Route, Visit } from './service.ts';

/** Carts and orders kept; the oldest goes first. */
const maxKept = 1000;
const paymentsKey = 'Bearer pk_demo_5f2d1c9e8b7a';

interface Item {
  readonly product: Product;
  readonly quantity: number;
}

interface Order {
  readonly id: number;
  readonly cart: string;
  readonly total: number;
  readonly status: string;
}

export interface Neighbours {
  readonly catalogue: string;
  readonly payments: string;
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value);
  if (map.size > maxKept) map.delete(map.keys().next().value as K);
}

class OrderBook {
  readonly #neighbours: Neighbours;
  readonly #carts = new Map<string, Item[]>();
  readonly #orders = new Map<number, Order>();
  #lastOrder = 1000;

  constructor(neighbours: Neighbours) {
    this.#neighbours = neighbours;
  }

  #cart(visit: Visit): Item[] {
    return this.#carts.get(visit.parameters[0]!) ?? [];
  }

  show(visit: Visit): void {
    const items = this.#cart(visit);
    visit.reply(200, { cart: visit.parameters[0], items, total: total(items) });
  }

  async put(visit: Visit): Promise<void> {
    const { sku, quantity } = await visit.json();
    const product = products.find((each) => each.sku === sku);
    if (product === undefined) {
      visit.fail(422, `there is no ${sku}`);
      return;
    }
    const answer = await visit.call(`${this.#neighbours.catalogue}/stock/reservations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sku, quantity }),
    });
    if (answer.status !== 201) {
      visit.fail(409, 'the stock does not suffice');
      return;
    }
    const items = [...this.#cart(visit), { product, quantity: Number(quantity) }];
    remember(this.#carts, visit.parameters[0]!, items);
    visit.reply(200, { items: items.length, total: total(items) });
  }

  clear(visit: Visit): void {
    this.#carts.delete(visit.parameters[0]!);
    visit.response.writeHead(204);
    visit.response.end();
  }

  async place(visit: Visit): Promise<void> {
    const { cart } = await visit.json();
    const items = this.#carts.get(String(cart)) ?? [];
    if (items.length === 0) {
      visit.fail(400, 'the cart is empty');
      return;
    }
    const id = ++this.#lastOrder;
    const amount = total(items);
    const paid = await visit.call(`${this.#neighbours.payments}/charges`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: paymentsKey },
      body: JSON.stringify({ order: id, amount, card: { number: '4242424242424242', cvc: '123' } }),
    });
    if (paid.status === 503) {
      visit.fail(502, 'payment is not available, please try again');
      return;
    }
    const status = paid.status === 201 ? 'paid' : 'declined';
    remember(this.#orders, id, { id, cart: String(cart), total: amount, status });
    visit.reply(201, { id, status, total: amount }, { Location: `/orders/${id}` });
  }

  order(visit: Visit): void {
    const order = this.#orders.get(Number(visit.parameters[0]));
    if (order === undefined) visit.fail(404, `no order ${visit.parameters[0]}`);
    else visit.reply(200, order);
  }
}

function total(items: readonly Item[]): number {
  return items.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
}

export function ordersRoutes(neighbours: Neighbours): readonly Route[] {
  const book = new OrderBook(neighbours);
  return [
    { method: 'GET', path: /^\/carts\/(\w+)$/, answer: (visit) => book.show(visit) },
    { method: 'PUT', path: /^\/carts\/(\w+)\/items$/, answer: (visit) => book.put(visit) },
    { method: 'DELETE', path: /^\/carts\/(\w+)$/, answer: (visit) => book.clear(visit) },
    { method: 'POST', path: /^\/orders$/, answer: (visit) => book.place(visit) },
    { method: 'GET', path: /^\/orders\/(\d+)$/, answer: (visit) => book.order(visit) },
  ];
}
