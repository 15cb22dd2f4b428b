/**
 * An exchange on its way: the request has been seen (or only its answer), the row is not written yet.
 * Pooled: at full speed no exchange is allocated.
 */
import type { SharedText } from './shared-text.ts';

/** Where an exchange's kept bytes are: in the heap of the batch `serial`, or in memory of their own. */
export class Part {
  /** Number of the batch whose heap holds the bytes; 0: `saved` holds them. */
  serial = 0;
  offset = 0;
  length = 0;
  /** Bytes of made texts that lie behind `length`. */
  extra = 0;
  saved: Uint8Array | undefined;
  /** Length on the wire. */
  size = 0;
  /** First and last byte, ms since 1970; packet of the first byte. */
  startTime = 0;
  endTime = 0;
  packet = 0;
  /** TCP sequence number of the first byte. */
  sequence = 0;
  seen = false;
  /** The message is complete: nothing more will be added. */
  complete = false;
  redacted = false;
  contentTypeFrom = 0;
  contentTypeLength = 0;

  reset(): void {
    this.serial = 0;
    this.offset = 0;
    this.length = 0;
    this.extra = 0;
    this.saved = undefined;
    this.size = 0;
    this.startTime = 0;
    this.endTime = 0;
    this.packet = 0;
    this.sequence = 0;
    this.seen = false;
    this.complete = false;
    this.redacted = false;
    this.contentTypeFrom = 0;
    this.contentTypeLength = 0;
  }
}

/** The place of an exchange that is in no list. */
export const notListed = -1;

export class Exchange {
  readonly request = new Part();
  readonly response = new Part();
  idTime = 0;
  idSequence = 0;
  /** Id of the exchange that this one belongs to; 0: none. */
  parentTime = 0;
  parentSequence = 0;
  /** Text spans, relative to the kept bytes of the request; of the answer when that came alone. */
  methodFrom = 0;
  methodLength = 0;
  targetFrom = 0;
  targetLength = 0;
  hostFrom = 0;
  hostLength = 0;
  traceFrom = 0;
  traceLength = 0;
  /** Instead of the spans. */
  methodText: SharedText | undefined;
  targetText: SharedText | undefined;
  hostText: SharedText | undefined;
  /** These texts are known to be ASCII. */
  isAscii = false;
  status = 0;
  failed = false;
  version = 0;
  note = 0;
  key = 0;
  /** `Protocol.code` when it is not the connection's. */
  protocolCode = 0;
  /** Has one message only: nobody answers it, or it answers nothing. */
  alone = false;
  /** The server sent the request. */
  reversed = false;
  /** `Incomplete` bits. */
  incomplete = 0;
  /** Lives: a row with its final outcome has not been written. */
  live = false;
  /** A pending row has been written. */
  announced = false;
  /** Where it is in the writer's list of exchanges that were not announced, or `notListed`. */
  place = notListed;
  /** Gets no pending row. */
  quiet = false;
  /** A place in the waiting list behind which the order is not known: requests were lost there. */
  barrier = false;
  connection: RowConnection | undefined;

  reset(): void {
    this.request.reset();
    this.response.reset();
    this.parentTime = this.parentSequence = 0;
    this.methodFrom = this.methodLength = 0;
    this.targetFrom = this.targetLength = 0;
    this.hostFrom = this.hostLength = 0;
    this.traceFrom = this.traceLength = 0;
    this.methodText = this.targetText = this.hostText = undefined;
    this.isAscii = false;
    this.status = 0;
    this.failed = false;
    this.version = 0;
    this.note = 0;
    this.key = 0;
    this.protocolCode = 0;
    this.alone = false;
    this.reversed = false;
    this.incomplete = 0;
    this.live = true;
    this.announced = false;
    this.quiet = false;
    this.barrier = false;
    this.connection = undefined;
  }
}

/** What a row takes from its connection. */
export interface RowConnection {
  readonly stream: number;
  readonly protocolCode: number;
  /** Big-endian address words and port of the client and the server. */
  readonly clientAddress: Uint32Array;
  readonly clientPort: number;
  readonly serverAddress: Uint32Array;
  readonly serverPort: number;
  /** Where the connection leads behind a translation of its addresses; port 0: none was seen. */
  readonly behindAddress: Uint32Array | undefined;
  readonly behindPort: number;
  /** How often the connection was seen. */
  readonly sightings: number;
  readonly demo: boolean;
}
