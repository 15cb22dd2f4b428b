/** What the hot half has put behind a kept message: see `parse-annex.ts`. */
import { AnnexEntry, annexMagic, annexTrailerBytes } from './parse-annex.ts';
import { topicIdBytes } from './parse-topics.ts';

export interface Annex {
  /** The message alone. */
  readonly message: Uint8Array;
  /** Names by ids, as Kafka writes these. */
  readonly topics: ReadonlyMap<string, string>;
  /** Empty fetches that got no row before this one. */
  readonly folded: number;
}

/** Takes the annex off what was kept. */
export function readAnnex(kept: Uint8Array): Annex {
  const topics = new Map<string, string>();
  const view = new DataView(kept.buffer, kept.byteOffset, kept.length);
  const trailer = kept.length - annexTrailerBytes;
  const none = { message: kept, topics, folded: 0 };
  if (trailer < 4 || view.getUint32(trailer + 4) !== annexMagic) return none;
  const from = trailer - view.getUint32(trailer);
  if (from < 4) return none;
  let folded = 0;
  for (let at = from; at < trailer; ) {
    const kind = kept[at];
    if (kind === AnnexEntry.Folded && at + 5 <= trailer) {
      folded = view.getUint32(at + 1);
      at += 5;
    } else if (kind === AnnexEntry.Topic && at + topicIdBytes + 2 <= trailer) {
      const id = Buffer.from(kept.subarray(at + 1, at + 1 + topicIdBytes)).toString('base64url');
      const nameAt = at + topicIdBytes + 2;
      const nameEnd = Math.min(trailer, nameAt + kept[nameAt - 1]!);
      topics.set(id, Buffer.from(kept.subarray(nameAt, nameEnd)).toString('utf8'));
      at = nameEnd;
    } else return none;
  }
  return { message: kept.subarray(0, from), topics, folded };
}
