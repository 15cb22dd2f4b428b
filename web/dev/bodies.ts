/** Bodies for the mock server's entries. */
import { deflateSync } from 'node:zlib';

/** A JSON text of `items` items, about 260 bytes each. */
export function largeJson(items: number): string {
  const list = Array.from({ length: items }, (_, i) => ({
    id: i,
    sku: `A-${1_000 + i}`,
    title: i % 7 === 0 ? 'Teapot “Kyoto”, cast iron, 0.8 l' : `Cup no. ${i}`,
    price: {
      amount: 12.5 + i,
      currency: 'EUR',
      discounts: i % 5 === 0 ? [{ kind: 'seasonal', percent: 10 }] : [],
    },
    available: i % 3 !== 0,
    tags: ['kitchen', 'tea', `t${i % 9}`],
    supplier: null,
    'content-hash': (i * 2654435761).toString(16),
  }));
  return JSON.stringify({
    page: 1,
    total: 90_071_992_547_409_931n.toString(),
    items: list,
    next: '/api/items?page=2',
  });
}

export const cutJson = () => largeJson(4_000).slice(0, 1_000_000);

export const formText = () =>
  'user=anna%40example.org&password=%5BREDACTED%5D&remember=on&return_to=%2Fcheckout%3Fstep%3D2&comment=two+cups%2C+please';

export const page = () =>
  `<!doctype html><html lang="en"><head><title>Shop</title><link rel="stylesheet" href="/s.css"></head><body><!-- a comment --><main><h1>Tea &amp; more</h1><ul>${'<li class="item"><a href="/items/1">Teapot</a> <b>12.50</b></li>'.repeat(30)}</ul><script>if (a < b) { go(); }</script></main></body></html>`;

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const check = Buffer.alloc(4);
  check.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([length, body, check]);
}

function makePicture(size: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const raw = Buffer.alloc(size * (size * 3 + 1));
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) raw.set([x * 2, y * 2, 160], y * (size * 3 + 1) + 1 + x * 3);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', new Uint8Array()),
  ];
  return Buffer.concat(parts).toString('base64');
}

export const picture = makePicture(120);
