/** What is believed of a segment's numbers. */
import type { Segment } from '../decode/contract.ts';
import { maxWindowBytes } from './limits.ts';
import { Place, type Stream } from './stream.ts';

/** Notes what a segment acknowledges of `stream`, if that is credible. */
export function acknowledge(stream: Stream, segment: Segment): void {
  const acknowledgement = segment.acknowledgement | 0;
  if (stream.place !== Place.Unknown) {
    const ahead = (acknowledgement - stream.next) | 0;
    if (ahead > maxWindowBytes || ahead < -maxWindowBytes) return;
    // The guess came from a keep-alive probe, which is one behind.
    if (stream.place === Place.Guessed && ahead === 1) stream.next = acknowledgement;
  }
  if (!stream.isAcknowledged || ((acknowledgement - stream.acknowledged) | 0) > 0) {
    stream.isAcknowledged = true;
    stream.acknowledged = acknowledgement;
  }
}

/**
 * Gives a stream its place from a segment that is not a SYN. False when nothing is left to do. Data
 * begins the stream where it lies, unless a bare packet has shown that there was something before.
 */
export function place(stream: Stream, sequence: number, hasContent: boolean): boolean {
  const ahead = (sequence - stream.next) | 0;
  if (!hasContent) {
    if (stream.place === Place.Unknown) stream.begin(sequence, Place.Guessed);
    return false;
  }
  if (stream.place === Place.Guessed && ahead > 1 && ahead <= maxWindowBytes) {
    stream.place = Place.Known;
  } else {
    stream.begin(sequence, Place.Known);
  }
  return true;
}

/** An RST counts when its number is one that the receiver may expect (RFC 9293 section 3.10.7.4). */
export function isResetCredible(stream: Stream, segment: Segment): boolean {
  if (stream.place === Place.Unknown || stream.place === Place.Guessed) return true;
  const lowest = stream.isAcknowledged ? stream.acknowledged : stream.start;
  const sequence = segment.sequence | 0;
  return ((sequence - lowest) | 0) >= 0 && ((sequence - stream.next) | 0) <= maxWindowBytes;
}
