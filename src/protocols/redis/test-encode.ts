/** An encoder of RESP that shares nothing with the parser, and values at random. For tests. */

export interface Sample {
  readonly bytes: Buffer;
  /** What decoding gives. */
  readonly value: unknown;
}

/** A command as clients send it. */
export function command(...words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) parts.push(bulk(word));
  return Buffer.concat(parts);
}

export function bulk(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** An aggregate of values that are encoded already. */
export function list(type: '*' | '~' | '>' | '%', ...items: readonly (string | Buffer)[]): Buffer {
  const count = type === '%' ? items.length / 2 : items.length;
  const encoded = items.map((item) => (typeof item === 'string' ? bulk(item) : item));
  return Buffer.concat([Buffer.from(`${type}${count}\r\n`), ...encoded]);
}

const texts = ['', 'a', 'shop:1', 'Zoë', '*1\r\n$4\r\nPING\r\n', '\r\n', '$5\r\n', 'x'.repeat(300)];
const lines = ['OK', '', 'QUEUED', 'a b c', '1.0 [0 x] y'];

/** A value of RESP3, aggregates to some depth, streamed ones too. */
export function randomValue(random: () => number, depth = 3): Sample {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const number = Math.floor(random() * 2000) - 1000;
  const kinds = depth > 0 ? 17 : 12;
  switch (Math.floor(random() * kinds)) {
    case 0: {
      const line = pick(lines);
      return { bytes: Buffer.from(`+${line}\r\n`), value: line };
    }
    case 1:
      return { bytes: Buffer.from(`:${number}\r\n`), value: number };
    case 2:
      return { bytes: Buffer.from('-ERR no\r\n'), value: '(error) ERR no' };
    case 3:
      return { bytes: Buffer.from(pick(['_\r\n', '$-1\r\n', '*-1\r\n'])), value: null };
    case 4: {
      const value = random() < 0.5;
      return { bytes: Buffer.from(value ? '#t\r\n' : '#f\r\n'), value };
    }
    case 5:
      return { bytes: Buffer.from(`,${number / 8}\r\n`), value: number / 8 };
    case 6: {
      const text = pick(texts);
      return {
        bytes: Buffer.from(`=${Buffer.byteLength(text) + 4}\r\ntxt:${text}\r\n`),
        value: text,
      };
    }
    case 7: {
      const text = pick(texts);
      const half = Math.floor(text.length / 2);
      const pieces = [text.slice(0, half), text.slice(half)].filter((piece) => piece !== '');
      const bytes = pieces.map((piece) => `;${Buffer.byteLength(piece)}\r\n${piece}\r\n`).join('');
      return { bytes: Buffer.from(`$?\r\n${bytes};0\r\n`), value: text };
    }
    case 8: {
      const text = pick(texts);
      return { bytes: bulk(text), value: text };
    }
    case 9: {
      const text = pick(texts);
      return {
        bytes: Buffer.from(`!${Buffer.byteLength(text)}\r\n${text}\r\n`),
        value: `(error) ${text}`,
      };
    }
    case 10: {
      const digits = `${random() < 0.5 ? '-' : ''}${'9876543210'.repeat(4)}`;
      return { bytes: Buffer.from(`(${digits}\r\n`), value: digits };
    }
    case 11: {
      const text = pick(['inf', '-inf', 'nan']);
      return { bytes: Buffer.from(`,${text}\r\n`), value: text };
    }
    default:
      return randomAggregate(random, depth);
  }
}

function randomAggregate(random: () => number, depth: number): Sample {
  const items = Array.from({ length: Math.floor(random() * 5) }, () =>
    randomValue(random, depth - 1),
  );
  const body = Buffer.concat(items.map(({ bytes }) => bytes));
  const values = items.map(({ value }) => value);
  const between = (head: string, parts: readonly Buffer[], end = '') =>
    Buffer.concat([Buffer.from(`${head}\r\n`), ...parts, Buffer.from(end)]);
  switch (Math.floor(random() * 6)) {
    case 0:
      return { bytes: between(`~${items.length}`, [body]), value: values };
    case 1:
      return { bytes: between(random() < 0.5 ? '*?' : '~?', [body], '.\r\n'), value: values };
    case 2:
    case 3: {
      const named = items.map(({ bytes }, i) => Buffer.concat([bulk(`name ${i}`), bytes]));
      const value = Object.fromEntries(values.map((each, i) => [`name ${i}`, each]));
      if (random() < 0.5) return { bytes: between('%?', named, '.\r\n'), value };
      return { bytes: between(`%${items.length}`, named), value };
    }
    case 4: {
      // Attributes stand in front of their value, and change nothing of it.
      const { bytes, value } = randomValue(random, depth - 1);
      return { bytes: between('|1', [bulk('ttl'), Buffer.from(':3600\r\n'), bytes]), value };
    }
    default:
      return { bytes: Buffer.concat([Buffer.from(`*${items.length}\r\n`), body]), value: values };
  }
}
