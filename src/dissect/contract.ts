/**
 * The contract of a protocol: what a folder under `src/protocols/` declares, and nothing else in the
 * program knows about it.
 *
 * It has two halves. **Hot** (`Parser`): runs for every byte that is captured; finds where messages
 * begin and end and marks the few texts a row shows. No object, no string, no exception per message.
 * **Cold** (`Protocol.decode`, `describe`, `fields`): runs when somebody looks, filters or exports.
 */
import type { SharedText } from './shared-text.ts';

/** Which end of a conversation bytes come from. */
export type Side = 'client' | 'server';

/**
 * The unread bytes of one side, in order and without a hole. Everything lies contiguous in
 * `bytes[start, end)`; while nothing is left over from earlier packets that *is* the packet, so a
 * parser never handles a split and nothing is copied. Only good until the call returns.
 */
export interface Window {
  /** Raw access for hot loops: indexes are absolute in `bytes`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** `end - start`. */
  readonly length: number;
  /** This side has closed: what is here is all there will be. */
  readonly ended: boolean;
  /** Byte at `start + at`; at must be in range. */
  u8(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  i32(at: number): number;
  /** Relative offset at which `byte` next occurs at or after `from`, or -1 if it has not arrived. */
  indexOf(byte: number, from: number): number;
  latin1(from: number, to: number): string;
  /** The bytes without a copy. */
  view(from: number, to: number): Uint8Array;
  /** Takes `n` bytes off the front. */
  consume(n: number): void;
  /** Drops the next `n` bytes, including those that have not arrived: bodies too large to keep. */
  skip(n: number): void;
}

/**
 * What `parse` achieved, as a plain number: returning one allocates nothing. A positive number means
 * "call me again when this many bytes are in the window" (or when the side has ended).
 */
export const Step = {
  /** Something was consumed; call again while bytes remain. */
  Next: -1,
  /** These bytes cannot be the start of a message; `resync` is called next. */
  Lost: -2,
  /** This side is of no further interest: encrypted, or an unknown protocol was switched to. */
  Stop: -3,
} as const;
export type Progress = number;

/** How sure a protocol is that bytes are its own. A positive number: ask again at this many bytes. */
export const Verdict = { No: 0, Yes: -1 } as const;

/**
 * Why an exchange is not whole, as bits; each is shown to the user in words
 * (`incompleteReasons` in `src/entry/entry.ts`).
 */
export const Incomplete = {
  /** Bytes of the request were lost by the capture. */
  RequestHole: 1,
  ResponseHole: 2,
  /** The connection ended, or the answer was lost, before an answer was seen. */
  NoResponse: 4,
  /** The answer's request was lost or came before the capture started. */
  NoRequest: 8,
  /** The body is longer than the limit; only its beginning is kept. */
  RequestCut: 16,
  ResponseCut: 32,
  /** The connection closed in the middle of the message. */
  RequestUnfinished: 64,
  ResponseUnfinished: 128,
  /** The message breaks its specification; what could be read is shown. */
  RequestMalformed: 256,
  ResponseMalformed: 512,
  /** Memory ran short: the body was left out. */
  Shed: 1024,
  /** Whoever saw the request has ended: nobody would see the answer. */
  TapperGone: 2048,
  /** No answer came within the time that is set for it. */
  Overdue: 4096,
} as const;

/**
 * A span of the window, or of `Message.source`, as two relative offsets; `from === to` means absent. A
 * text that lies nowhere in the message is made with `Message.text`.
 */
export interface Span {
  from: number;
  to: number;
}

/** Where a message began, for messages in several pieces: filled by `Output.mark`. */
export interface Mark {
  /** Capture time of the first byte, ms since 1970. */
  timeMs: number;
  packet: number;
  /** TCP sequence number. */
  sequence: number;
}

/** What a message is to its exchange. */
export const Role = {
  /** The client's messages are requests, the server's answers. */
  BySide: 0,
  /**
   * A request, also when the server sends it: the row then has the server as its source, unless it is a
   * `push`: that is the client's request, which the server has made for it.
   */
  Request: 1,
  /** An answer, also when the client gives it: the acknowledgement of a delivery. */
  Response: 2,
} as const;
export type Role = (typeof Role)[keyof typeof Role];

/**
 * The message that a parser reports. One reused object per pipeline: the parser calls `reset()`, sets
 * what it found, and hands it to `Output`. All offsets are relative to the window's start (to the
 * beginning of `source` when that is set), and lie in `[from, to)`.
 */
export interface Message {
  /**
   * The bytes that `from`, `to` and all spans refer to, when the payload is not on the wire as it is
   * kept: header lists that were compressed, a message in several frames. Copied before the call returns.
   */
  source: Uint8Array | undefined;
  /**
   * Kept in front of the message's bytes, as if it lay before them: `from` and the spans in it count it in,
   * so that it takes the place of `[from, from + lead.length)`, which may be below 0. Also copied.
   */
  lead: Uint8Array | undefined;
  /** All texts are known to be ASCII: nobody has to look. */
  isAscii: boolean;
  /** Where it began, when that is not at the window's start any more. */
  mark: Mark | undefined;
  /** The bytes to keep: the message as on the wire, or its beginning when it is cut. */
  from: number;
  to: number;
  /** True length on the wire, including what is not kept. 0 means `to - from`. */
  size: number;
  /** `Incomplete` bits as for a request; a response's bits are shifted by the driver. */
  hole: boolean;
  cut: boolean;
  unfinished: boolean;
  malformed: boolean;
  /** Texts of the row. Values that are not in the message are set with `text()`. */
  readonly method: Span;
  readonly target: Span;
  readonly host: Span;
  readonly contentType: Span;
  readonly traceId: Span;
  /** Instead of `method`, `target` and `host`: texts that many rows have. */
  methodText: SharedText | undefined;
  targetText: SharedText | undefined;
  hostText: SharedText | undefined;
  /** The protocol's status number; 0 for none. */
  status: number;
  /** The call failed in its protocol's terms (HTTP: status of 400 and above). */
  failed: boolean;
  /** The protocol's version as a number: HTTP/1.1 is 11. */
  version: number;
  /**
   * Pairing key for `pairing: 'key'`: any whole number; where both ends send requests, the keys of one
   * end must not be those of the other.
   */
  key: number;
  role: Role;
  /** `Protocol.code` to show it under when it is not the connection's own: a refinement. 0: none. */
  protocol: number;
  /** A request that gets no answer by its protocol's rules. */
  oneWay: boolean;
  /** A small number that the answer's parser may ask for: see `Output.oldestNote`. */
  note: number;
  /** This answer is a push: it pairs with no request (pairing 'order'). */
  push: boolean;
  /** A request that is not shown while it waits: a poll, of which most find nothing. */
  quiet: boolean;
  /** An answer that is of no interest to anybody: with its request, when that is quiet, it gets no row. */
  fold: boolean;
  reset(): void;
  /**
   * Makes `span` a text that does not lie in the message. Texts of one message share 4 KiB; what does
   * not fit is cut.
   */
  text(span: Span, value: string): void;
  /** Replace the bytes `[from, to)` by `[REDACTED]` in what is kept. In ascending order. */
  redact(from: number, to: number): void;
}

/** Where a parser reports to. */
export interface Output {
  readonly message: Message;
  /** Bytes of body to keep for each message; smaller than the configured limit when memory is short. */
  readonly bodyLimit: number;
  /** Whether secrets are to be redacted. */
  readonly redacting: boolean;
  /** Remembers the place of the first unread byte, for a message that is reported later. */
  mark(mark: Mark): void;
  /** A whole message lies in the window. Copies what is kept, then the parser may consume it. */
  whole(): void;
  /**
   * The beginning of a message (its head at least) is final, the rest is on its way. With
   * `pairing: 'key'` any number of messages, told apart by `message.key`, are on their way at a time.
   */
  begin(): void;
  /**
   * `pairing: 'key'`: gives the message of this key, which begins at `mark` and is reported later, its id now:
   * messages within it may be reported before it.
   */
  reserve(key: number, mark: Mark): void;
  /**
   * The message begun last on this side (with `pairing: 'key'`: the one with `message.key`) is complete:
   * `size` is its true length on the wire. `message.hole`, `cut`, `unfinished`, and a `failed`, `status`,
   * `protocol` or (of a request) `note` that is set, are read from `message`. When
   * `message.to > message.from`, these bytes and the message's texts replace what `begin` kept.
   */
  finish(size: number): void;
  /**
   * A message within the one on its way on this side (with `pairing: 'key'`: within the exchange with
   * `message.key`), or, after a hand-over, within the connection: an entry of its own at once, whose
   * `parent` is that exchange. The client's become requests, the server's answers. Copies what is kept.
   */
  child(): void;
  /**
   * `pairing: 'key'`: the exchange with `message.key` will not go on (reset, cancelled): it is completed
   * as it is. `message.failed` and `status` are taken when set. False when there is none.
   */
  settle(): boolean;
  /** Note of the oldest request without an answer, or 0. HTTP needs it for answers to HEAD. */
  oldestNote(): number;
  /** `pairing: 'key'`: note of the request with this key that waits or is on its way, or 0. */
  noteOf(key: number): number;
  /** Both sides go on with another protocol from here, by id; undefined: recognise afresh. */
  handOver(protocol: string | undefined): void;
}

/** What the driver passes with each call. `state` is made by `newState`, one per side. */
export interface ParserStream<State> {
  readonly side: Side;
  readonly state: State;
  /** State of the other side. */
  readonly peer: State;
  readonly out: Output;
}

/** The hot half. Pure functions of window and state. Never throws. */
export interface Parser<State = unknown> {
  /** Are these bytes the start of a message of this protocol, sent by `side`? */
  recognise(window: Window, side: Side): number;
  /**
   * `upgraded`: the connection was of another protocol and has been handed over. `redacting`: as
   * `Output.redacting`.
   */
  newState(side: Side, upgraded: boolean, redacting: boolean): State;
  parse(window: Window, stream: ParserStream<State>): Progress;
  /**
   * `length` bytes will never come (-1: unknown), behind what is in the window. True when the parser
   * knows what they were (inside a body of known length): it has consumed the window, and goes on
   * behind the hole. False: the window is dropped, `resync` is called for what follows.
   */
  hole(window: Window, stream: ParserStream<State>, length: number): boolean;
  /**
   * Relative offset at which a message could start at or after 0, or -1 when there is none in the
   * window (which is then dropped but for a tail of `resyncTail` bytes). Also forgets what `state`
   * knew of the broken message.
   */
  resync(window: Window, stream: ParserStream<State>): number;
  readonly resyncTail: number;
  /** The side has ended with these bytes unparsed: report what there is. */
  end(window: Window, stream: ParserStream<State>): void;
  /** In the middle of a message (its beginning was begun or lies in the window). */
  inMessage(window: Window, state: State): boolean;
}

/** How answers find their requests; the waiting list, its limit and its end are the driver's. */
export type Pairing = 'order' | 'key' | 'none';

/** What was kept of an exchange, and what the row knows of it. Input of `decode`. */
export interface Payload {
  readonly version: number;
  readonly request: Uint8Array | undefined;
  readonly response: Uint8Array | undefined;
  /** `Incomplete` bits. */
  readonly incomplete: number;
  /** Lengths on the wire in bytes, kept or not; absent when they are not known. */
  readonly requestSize?: number;
  readonly responseSize?: number;
}

/** JSON-like values: what `decode` yields and the query language walks over. */
export type Value = string | number | boolean | null | undefined | Value[] | ValueMap;
export interface ValueMap {
  [name: string]: Value;
}

/** A decoded exchange: the `request` and `response` of an entry. Field names follow the original. */
export interface DecodedExchange {
  readonly request: ValueMap | undefined;
  readonly response: ValueMap | undefined;
}

/** One row of a table in the details pane. */
export interface DetailRow {
  readonly name: string;
  readonly value: string | number | boolean;
  /** The query path that reads this value, for click-to-filter: `request.headers["accept"]`. */
  readonly path?: string;
  /** Why this value deserves attention: `malformed`, `redacted`, ... */
  readonly remark?: string;
  /** What the value is, in other words: a number's time, the part that an argument has. */
  readonly note?: string;
}

/** What the details pane draws; the page knows these kinds and no protocol. */
export type Section = SectionContent & {
  /** It repeats what the row says, or tells of what lies below: it stands last, closed. */
  readonly minor?: true;
};

type SectionContent =
  | { readonly kind: 'table'; readonly title: string; readonly rows: readonly DetailRow[] }
  | {
      readonly kind: 'body';
      readonly title: string;
      /** Media type without parameters, lower case. */
      readonly mediaType: string;
      /** Text when it decodes as text by its character set, else base64. */
      readonly encoding: 'text' | 'base64';
      readonly content: string;
      /** Length in bytes after transfer coding and decompression, kept or not. */
      readonly size: number;
      readonly cut: boolean;
      /** Of a body that is cut: how many of its bytes are in `content`. */
      readonly kept?: number;
      /** The query path of the body's text. */
      readonly path?: string;
      /** `gzip, damaged at 1,024: shown as on the wire` */
      readonly remark?: string;
    }
  | {
      /** A table with columns of its own: records, frames, fields of a map. */
      readonly kind: 'grid';
      readonly title: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number | boolean | null)[])[];
      /** Query path of each row, for click-to-filter. */
      readonly paths?: readonly string[];
      /** `3 of 1,200 records shown` */
      readonly remark?: string;
    }
  | {
      /** A value of any depth, as a tree that folds. */
      readonly kind: 'tree';
      readonly title: string;
      readonly value: Value;
      readonly path?: string;
      readonly remark?: string;
      /** A schema file (`Protocol.giveSchemas`) would give its values names. */
      readonly lacksSchema?: true;
    };

export interface Description {
  readonly request: readonly Section[];
  readonly response: readonly Section[];
}

export type FieldType = 'text' | 'number' | 'boolean' | 'map' | 'list';

/** A name that users can type in a query. */
export interface FieldDeclaration {
  /** `request.method`, `response.status`; relative to the entry. */
  readonly path: string;
  readonly type: FieldType;
  readonly help: string;
  /** Values worth completing: methods, common status codes. */
  readonly values?: readonly (string | number)[];
  /** The column of the batch that holds exactly this value, when there is one. */
  readonly column?: string;
}

/** A file of a user by which messages are read: `.proto`, a compiled descriptor set. */
export interface SchemaFile {
  /** Path within what was given. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file to read by; without bytes it is one that was given before, and stays. */
export interface GivenFile {
  readonly name: string;
  readonly bytes?: Uint8Array;
}

/** What became of a user's schema files. */
export interface GivenSchemas {
  /** Types of messages, and calls, that are now known by name. */
  readonly messages: number;
  readonly methods: number;
  /** In words, each with the file's name. */
  readonly problems: readonly string[];
  /** The files in force and what each of them declares. */
  readonly files: readonly ReadSchemaFile[];
}

export interface ReadSchemaFile {
  readonly name: string;
  readonly bytes: number;
  /** Full names. */
  readonly messages: readonly string[];
  readonly services: readonly { readonly name: string; readonly methods: readonly string[] }[];
}

/** A variant that has a badge of its own: HTTP/1.1 and HTTP/2 are variants of http. */
export interface Protocol {
  /** Stable for ever: it is what the store keeps. 1 to 250. */
  readonly code: number;
  /** `http`; unique among protocols. */
  readonly id: string;
  /** The value of `protocol.name`, where several share it; else it is the id. */
  readonly name?: string;
  /** What `Upgrade` calls it, when that is not the id. */
  readonly upgradeToken?: string;
  readonly title: string;
  /** The badge: value of `protocol.abbr`. */
  readonly label: string;
  readonly colour: string;
  readonly textColour: string;
  readonly specification: string;
  /** Only the order in which protocols are asked. Never proof. */
  readonly ports: readonly number[];
  readonly pairing: Pairing;
  /** Version number of the row → the text users see: 11 → `1.1`. */
  versionText(version: number): string;
  /** What the version is of, when that is what lies below: gRPC has the version of `HTTP`. */
  readonly below?: string;
  /** Its requests are requests of HTTP, with HTTP's names: they can be copied as commands of curl. */
  readonly curl?: boolean;
  /** What is kept of a message is text as on the wire: a text that is not in it is not in what is shown. */
  readonly plainText?: true;
  /** `Message.host` is the name of a part of the server, a virtual host, and no name of its address. */
  readonly virtualHosts?: true;
  /**
   * Names of the numbers in `Message.status`, for those that do not speak for themselves: 5 → `NOT_FOUND`. 0 is
   * shown only where it has a name.
   */
  statusNames?(): Readonly<Record<number, string>>;
  /** How a connection begins that looks like it and is not understood, and what to call that. */
  readonly lookalikes?: readonly (readonly [start: string, name: string])[];
  /**
   * Undefined: a refinement, which is never recognised by itself; another protocol's parser shows
   * messages under its code (`Message.protocol`).
   */
  // biome-ignore lint/suspicious/noExplicitAny: each protocol has its own state type; the driver never looks inside
  readonly parser: Parser<any> | undefined;
  decode(payload: Payload): DecodedExchange;
  /** Takes schema files by which `decode` reads; they replace those given before. Never throws. */
  giveSchemas?(files: readonly SchemaFile[]): GivenSchemas;
  /** Looks whether the kept bytes of an answer tell how to read others; true when they do. Never throws. */
  learn?(response: Uint8Array): boolean;
  describe(decoded: DecodedExchange): Description;
  readonly fields: readonly FieldDeclaration[];
  /** Macro word → query text. */
  readonly macros: Readonly<Record<string, string>>;
}
