/**
 * The shapes that the API speaks, shared with the page (types only, free of Node). Routes:
 *
 *   GET    /api/v1/health                  Health (no token needed)
 *   GET    /api/v1/openapi.json            the document made from the schemas
 *   GET    /api/v1/info                    Info
 *   GET    /api/v1/protocols               Protocols
 *   GET    /api/v1/entries                 ?filter&limit&before&after&since&until → EntriesPage
 *   DELETE /api/v1/entries                 forgets everything stored → 204
 *   GET    /api/v1/entries/:id             EntryDetails
 *   GET    /api/v1/entries/:id/raw         ?side=request|response → bytes as kept (octet-stream)
 *   GET    /api/v1/entries/:id/body        ?side=request|response → body, decoded (octet-stream, attachment)
 *   GET    /api/v1/histogram               ?filter&since&until&buckets → Histogram
 *   GET    /api/v1/count                   ?filter → Count
 *   GET    /api/v1/counters                Counters
 *   GET    /api/v1/query/check             ?filter → QueryCheck
 *   GET    /api/v1/schema-files            GivenSchemas: what the files that were given say
 *   PUT    /api/v1/schema-files            { files } → GivenSchemas: reads messages by them
 *   GET    /api/v1/targets                 Targets; 404 when no cluster is tapped
 *   GET    /api/v1/targets/summary         TargetsSummary
 *   PUT    /api/v1/targets                 TargetChoice → Targets: taps other pods from now on
 *   GET    /api/v1/live                    WebSocket, ?filter: LiveServerMessage / LiveClientMessage
 *
 * Errors are `ApiError` with status 400, 401, 403 (wrong Host or Origin), 404, 409, 426 or 500.
 */
import type { Description, FieldDeclaration } from '../dissect/contract.ts';
import type { Entry, EntryRow } from '../entry/entry.ts';

export interface ApiError {
  readonly error: {
    /**
     * For programs: `bad_filter`, `bad_parameter`, `bad_message`, `unauthorized`, `forbidden`,
     * `not_found`, `internal`.
     */
    readonly code: string;
    /** For people: what happened and what to do. */
    readonly message: string;
    /** Place in the filter, UTF-16 units. */
    readonly from?: number;
    readonly to?: number;
    readonly suggestion?: string;
  };
}

export interface Health {
  readonly status: 'ok';
  readonly version: string;
  /** A sentence when what was stored before could not be used. */
  readonly notice?: string;
}

export interface Info {
  readonly version: string;
  /** What is tapped: `local`, `file`, `recording`, `cluster`. */
  readonly kind: string;
  /** For people: `this machine, all interfaces` or file names. */
  readonly description: string;
  readonly startedAt: number;
  readonly redacting: boolean;
  readonly demo: boolean;
  readonly bodyLimitBytes: number;
  /** A sentence when what the user asked for could not be had: `This machine cannot be tapped: ...` */
  readonly notice?: string;
}

export interface ProtocolInfo {
  readonly id: string;
  /** `protocol.name` of its entries; with the label it tells protocols apart. */
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly colour: string;
  readonly textColour: string;
  readonly specification: string;
  /** What its version is of, when that is what lies below: `HTTP`. */
  readonly below?: string;
  /** Its requests can be copied as commands of curl. */
  readonly curl: boolean;
  /** Names of status numbers. */
  readonly statusNames?: Readonly<Record<string, string>>;
}

export interface Protocols {
  readonly protocols: readonly ProtocolInfo[];
  /** Every path that a query may use, entry level first. */
  readonly fields: readonly FieldDeclaration[];
  readonly macros: Readonly<Record<string, string>>;
}

export interface EntriesPage {
  readonly entries: readonly EntryRow[];
  readonly end: boolean;
  readonly scanned: number;
  readonly decoded: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface EntryDetails {
  readonly entry: Entry;
  readonly sections: Description;
  /** Where the sections of a side stop before its end: why, in a sentence to be shown behind them. */
  readonly breaks?: { readonly request?: string; readonly response?: string };
  /** Kubernetes labels of the pods at both ends, as they were then. */
  readonly labels?: { readonly src?: Labels; readonly dst?: Labels };
}

export interface Histogram {
  readonly buckets: readonly {
    readonly start: number;
    readonly count: number;
    readonly failed: number;
  }[];
}

export interface Count {
  readonly count: number;
  /** True when counting stopped at a limit: there are at least `count`. */
  readonly atLeast: boolean;
  readonly total: number;
}

export interface QueryCheck {
  readonly valid: boolean;
  readonly error?: ApiError['error'];
  /** What runs in the store and what in the evaluator, a sentence each. */
  readonly explain?: readonly string[];
}

/** All totals since the start unless a name says otherwise. */
export interface Counters {
  readonly time: number;
  /** Entries and packets in the last second. */
  readonly entriesPerSecond: number;
  readonly packetsPerSecond: number;
  readonly capture: {
    readonly packets: number;
    readonly bytes: number;
    readonly dropped: number;
    readonly ignored: number;
    readonly totalBytes: number;
    readonly readBytes: number;
    /** The input has been read to its end. */
    readonly ended: boolean;
    readonly damage: readonly string[];
  };
  readonly decode: { readonly ignored: Readonly<Record<string, number>> };
  readonly reassemble: {
    readonly connections: number;
    readonly openConnections: number;
    readonly payloadBytes: number;
    readonly holes: number;
    readonly holeBytes: number;
    readonly shedConnections: number;
  };
  readonly dissect: {
    readonly entries: number;
    readonly pending: number;
    readonly shedBodies: number;
    /** Why connections were not understood, in words → connections. */
    readonly notUnderstood: Readonly<Record<string, number>>;
  };
  /** Calls left out on purpose: by their User-Agent. */
  readonly refine: { readonly ignored: number };
  readonly ship: { readonly shedRows: number };
  /** Only of a cluster: sightings of calls by several tappers, joined. */
  readonly join?: {
    readonly sightings: number;
    /** Sightings joined with others, and those that came too late to matter. */
    readonly joined: number;
    readonly late: number;
    /** Calls that did not wait for other sightings, or whose later sightings will not be known. */
    readonly hurried: number;
    readonly forgotten: number;
  };
  readonly store: {
    readonly entries: number;
    readonly bytes: number;
    readonly limitBytes: number;
    readonly oldestTimestamp: number;
    readonly expired: number;
    readonly shed: number;
    readonly repairs: readonly string[];
  };
}

/** Which pods shall be tapped; everything that is given must hold. */
export interface TargetChoice {
  readonly namespaces: string[];
  readonly allNamespaces: boolean;
  /** RE2, found anywhere in the pod's name; empty: any. */
  readonly regex: string;
  /** Labels as kubectl takes them; empty: any. */
  readonly selector: string;
  /** `deploy/cart`; a pod of any of them. Empty: any. */
  readonly workloads: string[];
  /** `namespace/name` of pods that are tapped whatever the rest says, and of those that are not. */
  readonly include: string[];
  readonly exclude: string[];
}

/** For the status bar: Tapping `tapped` / `pods` pods in namespaces ... */
export interface TargetsSummary {
  readonly tapped: number;
  /** Pods in these namespaces, without Mizu's own. */
  readonly pods: number;
  readonly namespaces: string[];
  readonly allNamespaces: boolean;
  /** Nodes with targets from which no tapper has reported for 15 s. Not given: none. */
  readonly silentNodes?: string[];
}

export interface TargetedPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** `Running`, `Pending`, ... as Kubernetes calls it. */
  readonly phase: string;
  /** `deployment/cart`; empty: made by hand. */
  readonly workload: string;
  readonly tapped: boolean;
  /** Why not: `mizu`, `namespace`, `regex`, ...; empty when it is. And the same as a sentence. */
  readonly reason: string;
  readonly explanation: string;
}

export interface WorkloadTargets {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  readonly tapped: number;
}

/** A node with targets, or with a tapper, and how that is. */
export interface TargetedNode {
  readonly name: string;
  /** Targets on it. */
  readonly targets: number;
  /** A tapper shall run there. */
  readonly wanted: boolean;
  readonly running: boolean;
  /** `missing`, `gone`, or what it does: `waiting`, `capturing`, `stopped`, `failed`; and why. */
  readonly state: string;
  readonly reason: string;
  readonly pod: string;
  readonly version: string;
  /** Milliseconds since 1970; 0: never. */
  readonly lastSeen: number;
  readonly packets: number;
  readonly dropped: number;
  readonly entries: number;
  readonly shed: number;
  readonly memoryBytes: number;
  /** 0: no limit is known. */
  readonly memoryLimitBytes: number;
  readonly cpuMs: number;
}

export interface Targets {
  readonly selection: TargetChoice;
  readonly summary: TargetsSummary;
  readonly namespaces: { readonly name: string; readonly pods: number; readonly tapped: number }[];
  readonly workloads: WorkloadTargets[];
  readonly pods: TargetedPod[];
  readonly nodes: TargetedNode[];
  /** What cannot be seen, for want of rights or for the moment: sentences. */
  readonly notices: string[];
}

export type LiveServerMessage =
  /** New entries, and newer states of entries sent before (same id). */
  | { readonly type: 'entries'; readonly entries: readonly EntryRow[] }
  | { readonly type: 'counters'; readonly counters: Counters }
  /** At first, and whenever it changes: which pods are tapped. Only of a cluster. */
  | { readonly type: 'targets'; readonly summary: TargetsSummary }
  /** This viewer was too slow: so many matching entries were not sent; they are in the history. */
  | { readonly type: 'missed'; readonly count: number }
  /** Answer to a viewer's `filter`: entries match this filter from here on. */
  | { readonly type: 'filter'; readonly filter: string }
  | { readonly type: 'error'; readonly error: ApiError['error'] }
  /** Everything before was forgotten (somebody cleared the store). */
  | { readonly type: 'cleared' };

export type LiveClientMessage =
  | { readonly type: 'filter'; readonly filter: string }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' };
