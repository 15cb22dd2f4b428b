/** Entries over time, failed ones red; dragging chooses a time range. */
import { useMantineColorScheme } from '@mantine/core';
import { type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { Histogram as Bars } from '../../../src/serve/api.ts';
import { useObserved } from '../data/observable.ts';
import { useHistogram } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { countNow, type Sample } from '../data/totals.ts';
import { clockTime, integer, plural } from '../ui/format.ts';
import { useSize } from '../ui/use-size.ts';

const height = 36;
/** CSS pixels of a bar with its gap. */
const barWidth = 5;
/** A drag shorter than this is a click, CSS pixels. */
const shortestDrag = 4;

interface Drag {
  readonly from: number;
  readonly to: number;
}

type Buckets = Bars['buckets'];

function draw(canvas: HTMLCanvasElement, buckets: Buckets, drag: Drag | undefined): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = height * ratio;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const highest = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const step = width / Math.max(1, buckets.length);
  const room = height - 8;
  for (const [index, bucket] of buckets.entries()) {
    if (bucket.count === 0) continue;
    const tall = Math.max(1.5, (bucket.count / highest) * room);
    const failed = bucket.failed === 0 ? 0 : Math.max(2, (bucket.failed / highest) * room);
    context.fillStyle = colour('--bar');
    context.fillRect(index * step, height - tall, Math.max(1, step - 1), tall);
    context.fillStyle = colour('--red-bar');
    context.fillRect(index * step, height - failed, Math.max(1, step - 1), failed);
  }
  if (drag === undefined) return;
  context.globalAlpha = 0.25;
  context.fillStyle = colour('--accent');
  context.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), height);
}

/** Time at a place of the canvas, ms since 1970. */
function timeAt(x: number, width: number, buckets: Buckets): number {
  const first = buckets[0]!.start;
  const step = (buckets[1]?.start ?? first + 1_000) - first;
  return first + (x / width) * step * buckets.length;
}

function useDrag(canvas: RefObject<HTMLCanvasElement | null>, buckets: Buckets) {
  const [drag, setDrag] = useState<Drag>();
  const [pointed, setPointed] = useState(-1);
  const place = (event: PointerEvent) => event.nativeEvent.offsetX;
  return {
    drag,
    pointed,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (buckets.length === 0) return;
        canvas.current?.setPointerCapture(event.pointerId);
        setDrag({ from: place(event), to: place(event) });
      },
      onPointerMove: (event: PointerEvent) => {
        const width = canvas.current?.clientWidth ?? 1;
        setPointed(Math.floor((place(event) / width) * buckets.length));
        if (drag !== undefined)
          setDrag({ ...drag, to: Math.max(0, Math.min(width, place(event))) });
      },
      onPointerLeave: () => setPointed(-1),
      onPointerUp: () => {
        setDrag(undefined);
        const width = canvas.current?.clientWidth ?? 1;
        if (drag === undefined || Math.abs(drag.to - drag.from) < shortestDrag) return;
        const since = timeAt(Math.min(drag.from, drag.to), width, buckets);
        const until = timeAt(Math.max(drag.from, drag.to), width, buckets);
        session.setRange({ kind: 'fixed', since, until });
      },
    },
  };
}

function pointedText(buckets: Buckets, pointed: number): string {
  const bucket = buckets[pointed];
  if (bucket === undefined) return '';
  const failed = bucket.failed === 0 ? '' : `, ${integer(bucket.failed)} failed`;
  return `${clockTime(bucket.start).slice(0, 8)}: ${plural(bucket.count, 'entry', 'entries')}${failed}`;
}

export function Histogram() {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(box);
  const count = Math.min(400, Math.floor(Math.max(0, width - 170) / barWidth / 10) * 10);
  const { data, isFetching, isPlaceholderData } = useHistogram(count);
  const { colorScheme } = useMantineColorScheme();
  const buckets = data?.buckets ?? [];
  const { drag, pointed, handlers } = useDrag(canvas, buckets);

  // biome-ignore lint/correctness/useExhaustiveDependencies: width and colours change what is drawn
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, data?.buckets ?? [], drag);
  }, [data, drag, width, colorScheme]);

  return (
    <section className="histogram" ref={box} aria-label="Entries over time">
      {isFetching && isPlaceholderData && <div className="loading-bar" />}
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${integer(buckets.length)} bars; drag to choose a time range`}
        {...handlers}
      />
      <div className="histogram-count">
        {pointed >= 0 && buckets[pointed] !== undefined ? (
          pointedText(buckets, pointed)
        ) : (
          <CountText
            matching={isPlaceholderData ? undefined : data?.matching}
            atLeast={data?.atLeast ?? false}
          />
        )}
      </div>
    </section>
  );
}

interface CountProps {
  readonly matching: Sample | undefined;
  readonly atLeast: boolean;
}

function CountText({ matching, atLeast }: CountProps) {
  useObserved(session.view, (view) => view.version);
  const filter = useObserved(session.view, (view) => view.asked);
  const range = useObserved(session.view, (view) => view.range);
  const loaded = useObserved(session.view, (view) => view.loaded);
  const sample = useObserved(session.counters, (state) => state.total);
  const { extent } = session;
  const total = countNow(sample, extent);
  if (!loaded && total === 0) return null;
  if (filter === '' && range.kind === 'all') return <>{plural(total, 'entry', 'entries')}</>;
  // Counting takes longer than listing: until then it is known that there are at least those.
  const isSure = loaded && matching !== undefined && !atLeast;
  const number = countNow(matching, loaded ? extent : { rows: 0, live: extent.live });
  return (
    <>
      <span style={{ color: 'var(--text)' }}>
        {isSure ? '' : 'at least '}
        {integer(number)}
      </span>{' '}
      of {integer(Math.max(number, total))}
    </>
  );
}
