/** What the shop sells, and a picture of it. */
import { crc32, deflateSync } from 'node:zlib';

export interface Product {
  readonly id: number;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  /** In cents. */
  readonly price: number;
  readonly description: string;
  readonly tags: readonly string[];
}

const kinds = ['Kettle', 'Teapot', 'Cup', 'Whisk', 'Strainer', 'Tin', 'Tray', 'Scale'];
const makers = ['Aoi', 'Brook', 'Cedar', 'Dune', 'Ember'];
export const categories = ['kettles', 'pots', 'cups', 'tools'] as const;

/** Forty products, the same at each start. */
export const products: readonly Product[] = makers.flatMap((maker, m) =>
  kinds.map((kind, k) => ({
    id: m * kinds.length + k + 1,
    sku: `${maker.slice(0, 2).toUpperCase()}-${kind.slice(0, 3).toUpperCase()}-${100 + m * 10 + k}`,
    name: `${maker} ${kind}`,
    category: categories[(m + k) % categories.length]!,
    price: 900 + ((m * 37 + k * 113) % 90) * 100,
    description: `The ${maker} ${kind.toLowerCase()} is made by hand — 日本の職人の手作り — and lasts for decades.`,
    tags: [maker.toLowerCase(), kind.toLowerCase(), m % 2 === 0 ? 'new' : 'classic'],
  })),
);

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

const pictureSize = 64;

/** A PNG of a cup's outline on a ground whose colour depends on the product. */
export function picture(id: number): Buffer {
  const stride = pictureSize * 3 + 1;
  const pixels = Buffer.alloc(stride * pictureSize);
  const ground = [(id * 47) % 200, (id * 83) % 200, (id * 29) % 200] as const;
  for (let y = 0; y < pictureSize; y++) {
    for (let x = 0; x < pictureSize; x++) {
      const radius = Math.hypot(x - pictureSize / 2, y - pictureSize / 2);
      const ink = Math.abs(radius - 20) < 3 || (y > 44 && y < 48 && x > 12 && x < 52);
      for (let c = 0; c < 3; c++) {
        pixels[y * stride + 1 + x * 3 + c] = ink ? 240 : Math.min(255, ground[c]! + y);
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pictureSize, 0);
  header.writeUInt32BE(pictureSize, 4);
  // 8 bits a channel, colour without alpha.
  header[8] = 8;
  header[9] = 2;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', new Uint8Array()),
  ]);
}
