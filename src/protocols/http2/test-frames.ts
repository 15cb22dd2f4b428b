/** For tests: frames and header blocks written by hand. */
import { Flag, Frame, preface } from './frames.ts';

export { preface };

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
): Buffer {
  const content = Buffer.from(payload);
  const header = Buffer.alloc(9);
  header.writeUIntBE(content.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, content]);
}

/** Fields as literals that are not inserted, without the Huffman code. */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const more = bytes.length - 127;
  return Buffer.concat([Buffer.of(127, (more & 127) | 128, more >> 7), bytes]);
}

export const settings = frame(Frame.Settings, 0, 0);

export function ask(stream: number, path: string, more: readonly [string, string][] = []): Buffer {
  const fields: [string, string][] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', 'shop'],
    [':path', path],
    ...more,
  ];
  return frame(Frame.Headers, Flag.EndHeaders | Flag.EndStream, stream, block(fields));
}

/** Headers of an answer; `ends`: without a body. */
export function answer(stream: number, status: number, ends = true): Buffer {
  const flags = Flag.EndHeaders | (ends ? Flag.EndStream : 0);
  return frame(Frame.Headers, flags, stream, block([[':status', String(status)]]));
}
