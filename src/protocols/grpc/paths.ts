/** Paths of calls by small numbers, which travel with a waiting request to its answer. */

/** Paths that are remembered; of further ones the answers' messages have no type. */
const maxPaths = 50_000;
const maxPathBytes = 1024;

const numbers = new Map<string, number>();
const paths: Uint8Array[] = [new Uint8Array(0)];

/** Number of the path in `bytes[from, to)`, without its query; 0: it is not remembered. */
export function numberOfPath(bytes: Uint8Array, from: number, to: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const [text = ''] = buffer
    .toString('latin1', from, Math.min(to, from + maxPathBytes))
    .split('?', 1);
  const known = numbers.get(text);
  if (known !== undefined) return known;
  if (paths.length > maxPaths) return 0;
  const number = paths.push(Buffer.from(text, 'latin1')) - 1;
  numbers.set(text, number);
  return number;
}

export function pathByNumber(number: number): Uint8Array {
  return paths[number] ?? paths[0]!;
}
