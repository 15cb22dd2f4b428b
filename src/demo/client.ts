/** A small HTTP client: Node's own, because it sends exactly what it is told, from the address it is told. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Send the body in chunks of unknown total length. */
  readonly chunked?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const patienceMs = 15_000;
const chunkBytes = 1024;

export interface HttpClient {
  call(url: string, call?: Call): Promise<Answer>;
  close(): void;
}

/** Keeps connections alive and sends from `localAddress` where the machine has it. */
export function httpClient(localAddress: string | undefined): HttpClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    ...(localAddress !== undefined && { localAddress }),
  });
  return {
    close: () => agent.destroy(),
    call: (url, call = {}) =>
      new Promise((resolve, reject) => {
        const body = call.body === undefined ? undefined : Buffer.from(call.body);
        const outgoing = request(url, {
          method: call.method ?? 'GET',
          agent,
          timeout: patienceMs,
          headers: {
            ...call.headers,
            ...(body !== undefined && !call.chunked && { 'Content-Length': body.length }),
          },
        });
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${url}`)));
        outgoing.on('error', reject);
        outgoing.on('response', (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts),
            }),
          );
        });
        for (let at = 0; call.chunked && body && at < body.length; at += chunkBytes) {
          outgoing.write(body.subarray(at, at + chunkBytes));
        }
        outgoing.end(call.chunked ? undefined : body);
      }),
  };
}

/** The JSON in an answer, typed by the caller, who knows the service. */
export function jsonOf<T>(answer: Answer): T {
  return JSON.parse(answer.body.toString('utf8')) as T;
}
