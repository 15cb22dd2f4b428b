/**
 * The columns of a batch: one declaration from which the writer, the store's tables and the query
 * planner derive. A batch is one `ArrayBuffer`: a header, the columns one behind the other, then the
 * heap that holds texts and payloads. Nothing is serialised between node, API server and disk.
 */

export const ColumnKind = {
  F64: 'f64',
  F32: 'f32',
  U32: 'u32',
  I32: 'i32',
  U16: 'u16',
  U8: 'u8',
  /** 16 bytes a row: an IPv6 address in network order, IPv4 mapped. */
  Address: 'address',
  /** Offset and length (two u32) of a UTF-8 text in the heap; length 0 is the empty text. */
  Text: 'text',
} as const;
export type ColumnKind = (typeof ColumnKind)[keyof typeof ColumnKind];

/** Bytes a row takes in a column of each kind. */
export const columnBytes: Readonly<Record<ColumnKind, number>> = {
  f64: 8,
  f32: 4,
  u32: 4,
  i32: 4,
  u16: 2,
  u8: 1,
  address: 16,
  text: 8,
};

/** In order of alignment, widest first. */
export const columns = {
  /** Microseconds since 1970 of the exchange's first byte: the first half of the entry's id. */
  idTime: 'f64',
  /** node (16 bits) · thread (8) · counter (24): the second half; below 2^48. */
  idSequence: 'f64',
  /** Length on the wire in bytes, kept or not. */
  requestSize: 'f64',
  responseSize: 'f64',
  /** Connection: thread · connection number; the same for all exchanges of one connection. */
  stream: 'f64',
  /** Number in the capture of the packet with the message's first byte; 0 for none. */
  requestPacket: 'f64',
  responsePacket: 'f64',
  /** Nodes that saw it as well as the id's: three numbers of 16 bits, the lowest first; 0: no more. */
  otherNodes: 'f64',
  /** The entry that this one belongs to, the two halves of its id: the call of a message. 0: none. */
  parentTime: 'f64',
  parentSequence: 'f64',
  method: 'text',
  target: 'text',
  host: 'text',
  /** Of the response; of the request when there is no response. */
  contentType: 'text',
  traceId: 'text',
  sourceAddress: 'address',
  destinationAddress: 'address',
  /**
   * The address that the client asked for, where a translation (a service) stands before the
   * destination; only meaningful when `frontPort` is not 0.
   */
  frontAddress: 'address',
  /** First byte of the request to last byte of the response, ms. NaN while there is no response. */
  elapsedMs: 'f32',
  /** First to last byte of the request. */
  requestMs: 'f32',
  /** First byte of the request to first byte of the response. NaN while there is no response. */
  waitMs: 'f32',
  /** Payloads in the heap. Length 0: none was seen. */
  requestOffset: 'u32',
  requestLength: 'u32',
  responseOffset: 'u32',
  responseLength: 'u32',
  /**
   * TCP sequence number of the message's first byte; 0 when not seen. Translation of addresses keeps
   * it: two sightings of one exchange have the same.
   */
  requestSequence: 'u32',
  responseSequence: 'u32',
  status: 'i32',
  sourcePort: 'u16',
  destinationPort: 'u16',
  /** 0: no translation was seen. */
  frontPort: 'u16',
  /** `Incomplete` bits. */
  incomplete: 'u16',
  version: 'u16',
  /** `Protocol.code`. */
  protocol: 'u8',
  /** `Outcome`. */
  outcome: 'u8',
  /** `Capture`. */
  capture: 'u8',
  /** `RowFlag` bits. */
  flags: 'u8',
  /** How often it was seen: on several interfaces of a node, on several nodes. 255: as often or more. */
  sightings: 'u8',
} as const satisfies Record<string, ColumnKind>;
export type ColumnName = keyof typeof columns;

/** What became of an exchange. */
export const Outcome = {
  /** The answer is still awaited; a later row with the same id completes this one. */
  Pending: 0,
  Ok: 1,
  Failed: 2,
  NoResponse: 3,
  NoRequest: 4,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
export const outcomeNames = ['pending', 'ok', 'failed', 'no response', 'no request'] as const;

/** How the bytes were obtained. Names as in the original. */
export const Capture = { Pcap: 0, Ebpf: 1, Envoy: 2, Linkerd: 3, File: 4 } as const;
export type Capture = (typeof Capture)[keyof typeof Capture];
export const captureNames = ['pcap', 'ebpf', 'envoy', 'linkerd', 'file'] as const;

export const RowFlag = { Outgoing: 1, Demo: 2, Redacted: 4 } as const;
