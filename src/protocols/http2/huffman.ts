/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: the lengths of the codes say all.
 * Decoding takes four bits at a time.
 */

/** Bits of the code of each byte; the last is that of EOS, which never comes in valid input. */
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfString = 256;
const longestCode = 30;

/** A step: next state in the low 16 bits, then the byte, then these. */
const emits = 1 << 24;
/** The input may end here: what was read of a code is padding. */
const accepts = 1 << 25;
const fails = 1 << 26;

interface Node {
  readonly index: number;
  zero: Node | number | undefined;
  one: Node | number | undefined;
  /** Only ones were read, fewer than eight: valid padding. */
  readonly padding: boolean;
}

function buildTree(): Node[] {
  const nodes: Node[] = [];
  const add = (padding: boolean): Node => {
    const node: Node = { index: nodes.length, zero: undefined, one: undefined, padding };
    nodes.push(node);
    return node;
  };
  const root = add(true);
  let code = 0;
  for (let length = 1; length <= longestCode; length++) {
    for (let symbol = 0; symbol <= endOfString; symbol++) {
      if (codeLengths[symbol] !== length) continue;
      let node = root;
      for (let bit = length - 1; bit > 0; bit--) {
        const side = (code >>> bit) & 1 ? 'one' : 'zero';
        const depth = length - bit;
        let next = node[side];
        if (typeof next === 'number') break;
        next ??= add(node.padding && side === 'one' && depth < 8);
        node[side] = next;
        node = next;
      }
      node[code & 1 ? 'one' : 'zero'] = symbol;
      code++;
    }
    code *= 2;
  }
  return nodes;
}

function buildSteps(): Int32Array {
  const nodes = buildTree();
  const steps = new Int32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let at = node;
      let step = 0;
      for (let bit = 3; bit >= 0 && (step & fails) === 0; bit--) {
        const next: Node | number | undefined = (nibble >>> bit) & 1 ? at.one : at.zero;
        if (next === undefined || next === endOfString) step = fails;
        else if (typeof next !== 'number') at = next;
        else {
          step = emits | (next << 16);
          at = nodes[0]!;
        }
      }
      steps[node.index * 16 + nibble] = step | at.index | (at.padding ? accepts : 0);
    }
  }
  return steps;
}

let steps: Int32Array | undefined;

/**
 * Decodes `bytes[from, to)` into `target` at `at`; returns where the text ends, or -1 when the input is
 * not valid or the target too small.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number {
  steps ??= buildSteps();
  let step = accepts;
  let end = at;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    step = steps[(step & 0xffff) * 16 + (byte >> 4)]!;
    if ((step & (emits | fails)) !== 0) {
      if ((step & fails) !== 0 || end === target.length) return -1;
      target[end++] = (step >> 16) & 0xff;
    }
    step = steps[(step & 0xffff) * 16 + (byte & 15)]!;
    if ((step & (emits | fails)) !== 0) {
      if ((step & fails) !== 0 || end === target.length) return -1;
      target[end++] = (step >> 16) & 0xff;
    }
  }
  return (step & accepts) !== 0 ? end : -1;
}
