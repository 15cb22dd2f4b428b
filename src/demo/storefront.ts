/** The shop front: pages, log-in with a cookie, forms, uploads; everything else it asks the others. */
import { jsonOf } from './client.ts';
import { categories, type Product } from './goods.ts';
import type { Route, Visit } from './service.ts';

export interface Backends {
  readonly catalogue: string;
  readonly orders: string;
}

const html = 'text/html; charset=utf-8';
const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 48 48"><circle cx="24" cy="24" r="20" fill="#2a6f97"/><path d="M14 20h20v8a10 10 0 0 1-20 0z" fill="#fff"/></svg>`;
const json = { 'Content-Type': 'application/json', Accept: 'application/json' };

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} · Tea &amp; Co.</title>
<link rel="icon" href="/assets/logo.svg"></head>
<body><h1>${title}</h1>
${body}
</body></html>
`;
}

function session(visit: Visit): string | undefined {
  return /(?:^|;\s*)session=(\w+)/.exec(visit.header('cookie') ?? '')?.[1];
}

class Storefront {
  readonly #backends: Backends;

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  async home(visit: Visit): Promise<void> {
    const answer = await visit.call(`${this.#backends.catalogue}/products?page=1`, {
      headers: { Accept: 'application/json' },
    });
    const { items } = jsonOf<{ items: Product[] }>(answer);
    const links = items.map(({ id, name }) => `<li><a href="/products/${id}">${name}</a></li>`);
    const menu = categories.map(
      (category) => `<a href="/search?category=${category}">${category}</a>`,
    );
    visit.send(
      200,
      html,
      page('Welcome', `<nav>${menu.join(' ')}</nav><ul>${links.join('\n')}</ul>`),
    );
  }

  async search(visit: Visit): Promise<void> {
    const answer = await visit.call(`${this.#backends.catalogue}/products${visit.url.search}`);
    visit.send(answer.status, 'application/json', answer.body);
  }

  async product(visit: Visit): Promise<void> {
    const answer = await visit.call(`${this.#backends.catalogue}/products/${visit.parameters[0]}`);
    if (answer.status !== 200) {
      visit.send(answer.status, html, page('Not found', '<p>We do not sell that.</p>'));
      return;
    }
    const product = jsonOf<Product>(answer);
    visit.send(
      200,
      html,
      page(product.name, `<p>${product.description}</p><b>${product.price / 100} €</b>`),
    );
  }

  async logIn(visit: Visit): Promise<void> {
    const form = new URLSearchParams((await visit.body()).toString('utf8'));
    if (form.get('password') === 'wrong') {
      visit.send(403, html, page('Log in', '<p>Name or password are wrong.</p>'));
      return;
    }
    const name = (form.get('user') ?? 'guest').replace(/\W/g, '');
    visit.redirect(303, '/account', {
      'Set-Cookie': [
        `session=${name}; Path=/; HttpOnly; SameSite=Lax`,
        'theme=dark; Path=/; Max-Age=86400',
      ],
    });
  }

  async account(visit: Visit): Promise<void> {
    const user = session(visit);
    if (user === undefined) {
      visit.fail(401, 'please log in');
      return;
    }
    const cart = await visit.call(`${this.#backends.orders}/carts/${user}`);
    visit.reply(200, { user, cart: jsonOf(cart) }, { 'Cache-Control': 'private, no-store' });
  }

  async addToCart(visit: Visit): Promise<void> {
    const form = new URLSearchParams((await visit.body()).toString('utf8'));
    const answer = await visit.call(
      `${this.#backends.orders}/carts/${session(visit) ?? 'guest'}/items`,
      {
        method: 'PUT',
        headers: json,
        body: JSON.stringify({ sku: form.get('sku'), quantity: Number(form.get('quantity')) }),
      },
    );
    visit.send(answer.status, 'application/json', answer.body);
  }

  async checkOut(visit: Visit): Promise<void> {
    await visit.body();
    const user = session(visit) ?? 'guest';
    const { orders } = this.#backends;
    const answer = await visit.call(`${orders}/orders`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ cart: user }),
    });
    if (answer.status === 201) await visit.call(`${orders}/carts/${user}`, { method: 'DELETE' });
    visit.send(answer.status, 'application/json', answer.body);
  }

  async review(visit: Visit): Promise<void> {
    const bytes = (await visit.body()).length;
    visit.reply(201, { received: bytes, state: 'awaiting moderation' });
  }
}

export function storefrontRoutes(backends: Backends): readonly Route[] {
  const shop = new Storefront(backends);
  return [
    { method: 'GET', path: /^\/$/, answer: (visit) => shop.home(visit) },
    { method: 'GET', path: /^\/index\.php$/, answer: (visit) => visit.redirect(301, '/') },
    { method: 'GET', path: /^\/search$/, answer: (visit) => shop.search(visit) },
    { method: 'GET', path: /^\/products\/(\w+)$/, answer: (visit) => shop.product(visit) },
    { method: 'POST', path: /^\/login$/, answer: (visit) => shop.logIn(visit) },
    { method: 'GET', path: /^\/account$/, answer: (visit) => shop.account(visit) },
    { method: 'POST', path: /^\/cart$/, answer: (visit) => shop.addToCart(visit) },
    { method: 'POST', path: /^\/checkout$/, answer: (visit) => shop.checkOut(visit) },
    { method: 'POST', path: /^\/reviews$/, answer: (visit) => shop.review(visit) },
    {
      method: 'GET',
      path: /^\/assets\/logo\.svg$/,
      answer: (visit) => visit.send(200, 'image/svg+xml', logo, { ETag: '"logo-1"' }),
    },
  ];
}
