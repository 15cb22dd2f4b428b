/** WebSocket: opcode, masking, text or length, close code and reason of every message. */
import type { Comparable, Line, TruthRecord } from './messages.ts';
import { linesOf } from './messages.ts';

/** One frame. Text is unmasked and inflated, and stands at the last frame of its message. */
interface Frame extends TruthRecord {
  readonly n: number;
  readonly dir: string;
  readonly opcode: number;
  readonly fin: number;
  readonly masked: number;
  readonly len: number;
  readonly pmc?: number;
  readonly text?: string;
  readonly close_code?: number;
  readonly close_reason?: string | null;
}

const opcodes: Readonly<Record<number, string>> = {
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};
/** A longer text is cut in the truth. */
const comparedText = 300;

export const webSocket: Comparable = {
  title: 'WebSocket',
  types: ['ws'],
  theirs(records, ends) {
    const lines: (Line & { readonly n: number })[] = [];
    const open = new Map<string, { first: Frame; length: number }>();
    for (const frame of records as Frame[]) {
      const key = `${frame.stream} ${frame.dir}`;
      const begun = frame.opcode === 0 ? open.get(key) : { first: frame, length: 0 };
      if (begun === undefined) continue;
      begun.length += frame.len;
      if (frame.fin === 0) {
        open.set(key, begun);
        continue;
      }
      lines.push({
        ...ends.of(frame.stream, frame.dir),
        n: begun.first.n,
        name: `${frame.stream}/${begun.first.n}`,
        text: textOf(
          opcodes[begun.first.opcode]!,
          frame.masked === 1,
          frame.text ?? (frame.close_code === undefined ? begun.length : undefined),
          frame.close_code,
          frame.close_reason,
        ),
      });
    }
    // A message stands where its first frame is; control frames may come between its frames.
    return lines.sort((a, b) => a.n - b.n);
  },
  ours(entries) {
    const messages = entries.filter(({ protocol }) => protocol.name === 'websocket');
    return linesOf(messages, (entry, side) => {
      const { opcode, masked, text, size, closeCode, closeReason } = entry[side]!;
      const isText = opcode === 'text' && typeof text === 'string';
      return textOf(
        String(opcode),
        masked === true,
        isText ? text : closeCode === undefined ? Number(size) : undefined,
        closeCode === undefined ? undefined : Number(closeCode),
        closeReason === undefined ? undefined : String(closeReason),
      );
    });
  },
};

function textOf(
  opcode: string,
  isMasked: boolean,
  content: string | number | undefined,
  code: number | undefined,
  reason: string | null | undefined,
): string {
  const what = typeof content === 'string' ? content.slice(0, comparedText) : content;
  const words = [opcode, isMasked ? 'masked' : 'bare', what, code, reason === '' ? null : reason];
  return words.filter((word) => word !== undefined && word !== null).join(' ');
}
