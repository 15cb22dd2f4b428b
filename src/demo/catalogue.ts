/** The catalogue: JSON compressed as the caller likes, ETags, pictures, a download of unknown length. */
import { once } from 'node:events';
import { picture, products } from './goods.ts';
import type { Route, Visit } from './service.ts';

const pageSize = 10;
const linesPerChunk = 200;

function list(visit: Visit): void {
  const query = visit.url.searchParams;
  const category = query.get('category');
  const text = query.get('q')?.toLowerCase() ?? '';
  const page = Number(query.get('page') ?? '1');
  if (!Number.isInteger(page) || page < 1) {
    visit.fail(400, 'page is a number from 1');
    return;
  }
  const found = products.filter(
    (product) =>
      (category === null || product.category === category) &&
      product.name.toLowerCase().includes(text),
  );
  const items = found.slice((page - 1) * pageSize, page * pageSize);
  visit.reply(200, { total: found.length, page, items }, { 'Cache-Control': 'max-age=30' });
}

function one(visit: Visit): void {
  const product = products.find(({ id }) => String(id) === visit.parameters[0]);
  if (product === undefined) {
    visit.fail(404, `no product ${visit.parameters[0]}`);
    return;
  }
  const tag = `"p${product.id}-v3"`;
  if (visit.header('if-none-match') === tag) {
    visit.response.writeHead(304, { ETag: tag });
    visit.response.end();
    return;
  }
  visit.reply(200, product, { ETag: tag });
}

/** Never asked for with a known length, so it is sent in chunks. */
async function download({ response }: Visit, bytes: number): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="catalogue.csv"',
  });
  let sent = 0;
  for (let line = 0; sent < bytes; ) {
    let text = line === 0 ? 'warehouse,sku,name,price\n' : '';
    for (let i = 0; i < linesPerChunk; i++, line++) {
      const product = products[line % products.length]!;
      const warehouse = Math.floor(line / products.length) + 1;
      text += `${warehouse},${product.sku},${product.name},${(product.price / 100).toFixed(2)}\n`;
    }
    sent += text.length;
    if (!response.write(text)) await once(response, 'drain');
  }
  response.end();
}

/** Routes of the catalogue; its whole download has `downloadBytes`. */
export function catalogueRoutes(downloadBytes: number): readonly Route[] {
  return [
    { method: 'GET', path: /^\/products$/, answer: list },
    { method: 'GET', path: /^\/products\/(\w+)$/, answer: one },
    {
      method: 'GET',
      path: /^\/products\/(\d+)\/picture\.png$/,
      answer: (visit) =>
        visit.send(200, 'image/png', picture(Number(visit.parameters[0])), {
          'Cache-Control': 'public, max-age=3600',
        }),
    },
    {
      method: 'POST',
      path: /^\/stock\/reservations$/,
      async answer(visit) {
        const { sku, quantity } = await visit.json();
        if (Number(quantity) > 5) visit.fail(409, `only 5 of ${sku} are left`);
        else visit.reply(201, { reservation: `r-${sku}`, sku, quantity });
      },
    },
    { method: 'GET', path: /^\/export\.csv$/, answer: (visit) => download(visit, downloadBytes) },
  ];
}
