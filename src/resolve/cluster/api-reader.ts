/**
 * Reads the Kubernetes API as plain JSON. The client library gives addresses, certificates and tokens;
 * its own lists make an object of every class for every field, and its watch swallows what went wrong.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** Longest answer and longest line of a watch that are read; etcd's objects end at 1.5 MiB. */
const maxAnswerBytes = 128 << 20;
const maxLineBytes = 8 << 20;
const answerMs = 60_000;

export interface ApiRequest {
  /** `/api/v1/pods` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** An answer other than 200, or none: then `status` is 0. */
export class ApiError extends Error {
  readonly status: number;
  /** `Forbidden`, `Expired`, ... as the API server calls it. */
  readonly reason: string;
  readonly retryAfterMs: number;

  constructor(message: string, status: number, reason = '', retryAfterMs = 0) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ApiReader {
  /** One answer. Rejects with `ApiError`. */
  get(request: ApiRequest): Promise<unknown>;
  /**
   * A watch: each line as it comes; resolves when the server ends it. `onOpen`: it was accepted. No
   * word for `idleMs`: rejects with the reason `Idle`.
   */
  lines(
    request: ApiRequest,
    idleMs: number,
    onLine: (line: unknown) => void,
    onOpen?: () => void,
  ): Promise<void>;
}

/** Where the API server is, and who asks. */
interface Access {
  server(): string | undefined;
  apply(options: RequestOptions): Promise<void>;
}

/** With the addresses, certificates and logins of a kubeconfig. */
export function apiReader(kubeConfig: KubeConfig): ApiReader {
  return readerFor({
    server: () => kubeConfig.getCurrentCluster()?.server,
    apply: (options) => kubeConfig.applyToHTTPSOptions(options),
  });
}

function readerFor(access: Access): ApiReader {
  return {
    async get(request) {
      const answer = await send(access, request, answerMs);
      return JSON.parse(await wholeText(answer));
    },
    async lines(request, idleMs, onLine, onOpen) {
      const answer = await send(access, request, idleMs);
      onOpen?.();
      await eachLine(answer, onLine);
    },
  };
}

async function send(
  access: Access,
  { path, query = {}, accept = 'application/json', signal }: ApiRequest,
  idleMs: number,
): Promise<IncomingMessage> {
  const server = access.server();
  if (server === undefined) throw new ApiError('the configuration names no cluster', 0);
  const url = new URL(server.replace(/\/$/, '') + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const options: RequestOptions = { headers: {}, ...(signal ? { signal } : {}) };
  await access.apply(options);
  options.headers = { ...options.headers, accept } as Record<string, string>;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const isTls = url.protocol === 'https:';
    let answered: IncomingMessage | undefined;
    const sent = (isTls ? requestHttps : requestHttp)(url, options, (answer) => {
      answered = answer;
      resolve(answer);
    });
    sent.on('error', (error) => reject(asApiError(error)));
    // Silence on the connection: a dead peer is noticed although TCP alone would wait for hours.
    sent.setTimeout(idleMs, () => {
      const error = new ApiError(`no answer within ${Math.round(idleMs / 1000)} s`, 0, 'Idle');
      (answered ?? sent).destroy(error);
    });
    sent.end();
  });
  if (answer.statusCode === 200) return answer;
  throw await errorOf(answer);
}

async function errorOf(answer: IncomingMessage): Promise<ApiError> {
  const status = answer.statusCode ?? 0;
  const retryAfter = Number(answer.headers['retry-after']) * 1000 || 0;
  const text = await wholeText(answer).catch(() => '');
  try {
    const { message, reason } = JSON.parse(text) as { message?: unknown; reason?: unknown };
    return new ApiError(String(message ?? status), status, String(reason ?? ''), retryAfter);
  } catch {
    return new ApiError(`the API server answered ${status}`, status, '', retryAfter);
  }
}

async function wholeText(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxAnswerBytes) throw new ApiError('the answer is too long', 0);
      parts.push(part);
    }
  } catch (error) {
    throw asApiError(error);
  }
  return Buffer.concat(parts, bytes).toString('utf8');
}

async function eachLine(answer: IncomingMessage, onLine: (line: unknown) => void): Promise<void> {
  let parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, end));
        onLine(JSON.parse(Buffer.concat(parts).toString('utf8')));
        parts = [];
        bytes = 0;
        from = end + 1;
      }
      parts.push(chunk.subarray(from));
      bytes += chunk.length - from;
      if (bytes > maxLineBytes) throw new ApiError('an event is too long', 0);
    }
  } catch (error) {
    throw asApiError(error);
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(error instanceof Error ? error.message : String(error), 0);
}
