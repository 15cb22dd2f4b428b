/** The index of a JSON text: its beginning at once, all of it as soon as it is read, the page moving meanwhile. */
import { useEffect, useMemo, useState } from 'react';
import { type JsonIndex, JsonReading } from './json-index.ts';

/** Values of a piece: a few milliseconds. */
const piece = 5_000;
/** Reading at a stretch, ms: less than a frame. */
const stretch = 8;

export function useJsonIndex(text: string): JsonIndex {
  const first = useMemo(() => {
    const reading = new JsonReading(text);
    return { reading, index: reading.read(piece, 0) };
  }, [text]);
  const [whole, setWhole] = useState<JsonIndex>();
  useEffect(() => {
    if (first.index.isWhole) return;
    let timer = 0;
    const readOn = () => {
      const index = first.reading.read(piece, stretch);
      if (index.isWhole) setWhole(index);
      else timer = window.setTimeout(readOn, 0);
    };
    timer = window.setTimeout(readOn, 0);
    return () => window.clearTimeout(timer);
  }, [first]);
  return whole !== undefined && whole.text === text ? whole : first.index;
}
