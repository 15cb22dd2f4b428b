/** Bytes as hexadecimal numbers and as characters, 16 a line. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';

const lineHeight = 18;
const mostLines = 24;
const width = 16;

/** `00000010  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  HTTP/1.1 200 OK.` */
export function hexLine(bytes: Uint8Array, line: number): readonly [string, string, string] {
  const from = line * width;
  const slice = bytes.subarray(from, from + width);
  let numbers = '';
  let characters = '';
  for (let i = 0; i < width; i++) {
    const byte = slice[i];
    numbers += byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
    if (i < width - 1) numbers += i === 7 ? '  ' : ' ';
    if (byte !== undefined)
      characters += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.';
  }
  return [from.toString(16).padStart(8, '0'), numbers, characters];
}

export function HexView({ bytes }: { readonly bytes: Uint8Array }) {
  const scroller = useRef<HTMLDivElement>(null);
  const count = Math.ceil(bytes.length / width);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 10,
    useFlushSync: false,
  });
  return (
    <section
      ref={scroller}
      className="body-scroll hex scrolls"
      aria-label="Bytes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
      tabIndex={0}
      style={{ height: Math.min(count, mostLines) * lineHeight + 4 }}
    >
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const [offset, numbers, characters] = hexLine(bytes, item.index);
          return (
            <div
              key={item.index}
              className="hex-line"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className="dim">{offset}</span>
              <span>{numbers}</span>
              <span className="query-text">{characters}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
}
