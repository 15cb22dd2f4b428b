/** The page's side of `/api/v1`: every request the page makes, and its errors as values of one class. */

import type { GivenSchemas } from '../../../src/dissect/contract.ts';
import type {
  ApiError,
  Count,
  EntriesPage,
  EntryDetails,
  Histogram,
  Info,
  Protocols,
  TargetChoice,
  Targets,
} from '../../../src/serve/api.ts';
import { restoreTexts } from './long-texts.ts';
import type { GivenFile } from './schema-report.ts';

const root = '/api/v1';

/** What the server answered instead of data, or `unreachable` when nothing answered. */
export class RequestFailed extends Error {
  readonly status: number;
  readonly code: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly suggestion: string | undefined;

  constructor(status: number, error: ApiError['error']) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.from = error.from;
    this.to = error.to;
    this.suggestion = error.suggestion;
  }
}

export interface Period {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface EntriesQuery extends Period {
  readonly filter: string;
  readonly limit: number;
  readonly before?: string;
  readonly after?: string;
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

function address(path: string, parameters: Parameters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `${root}${path}${text === '' ? '' : `?${text}`}`;
}

async function failureOf(response: Response): Promise<RequestFailed> {
  try {
    const body = (await response.json()) as Partial<ApiError>;
    if (body.error !== undefined) return new RequestFailed(response.status, body.error);
  } catch {
    // Not JSON: a proxy in between answered.
  }
  const message = `The server answered ${response.status} ${response.statusText}`.trimEnd();
  return new RequestFailed(response.status, { code: 'internal', message });
}

async function request(url: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestFailed(0, { code: 'unreachable', message: 'The server does not answer' });
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function read<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
  const response = await request(address(path, parameters), signal ? { signal } : {});
  return (await response.json()) as T;
}

async function put<T>(path: string, content: object): Promise<T> {
  const response = await request(root + path, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(content),
  });
  return (await response.json()) as T;
}

export const api = {
  info: (signal?: AbortSignal) => read<Info>('/info', {}, signal),
  protocols: (signal?: AbortSignal) => read<Protocols>('/protocols', {}, signal),
  entries: (query: EntriesQuery, signal?: AbortSignal) =>
    read<EntriesPage>('/entries', { ...query }, signal),
  entry: async (id: string, signal?: AbortSignal) => {
    const path = `/entries/${encodeURIComponent(id)}`;
    return restoreTexts(await read<EntryDetails>(path, { texts: 'once' }, signal));
  },
  count: (filter: string, signal?: AbortSignal) => read<Count>('/count', { filter }, signal),
  histogram: (filter: string, period: Period, buckets: number, signal?: AbortSignal) =>
    read<Histogram>('/histogram', { filter, ...period, buckets }, signal),
  targets: (signal?: AbortSignal) => read<Targets>('/targets', {}, signal),
  choose: (choice: TargetChoice) => put<Targets>('/targets', choice),
  schemas: (signal?: AbortSignal) => read<GivenSchemas>('/schema-files', {}, signal),
  giveSchemas: (files: readonly GivenFile[]) => put<GivenSchemas>('/schema-files', { files }),
  /** Whether a token opens this server; without using it any further. */
  isToken: async (token: string) => {
    const authorization = `Bearer ${token}`;
    const response = await fetch(`${root}/info`, {
      headers: { authorization },
      credentials: 'omit',
    });
    return response.ok;
  },
  clear: () => request(`${root}/entries`, { method: 'DELETE' }),
};

/** Where a body can be downloaded from, decoded. */
export function bodyAddress(id: string, side: 'request' | 'response'): string {
  return address(`/entries/${encodeURIComponent(id)}/body`, { side });
}

/** Where a message can be downloaded from as it was on the wire. */
export function rawAddress(id: string, side: 'request' | 'response'): string {
  return address(`/entries/${encodeURIComponent(id)}/raw`, { side });
}

/** Address of the live WebSocket with this filter. */
export function liveAddress(filter: string): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}${address('/live', { filter })}`;
}
