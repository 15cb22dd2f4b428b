/** As much of a browser's XMLHttpRequest as Google's gRPC-Web client asks for. */
import { type IncomingMessage, request } from 'node:http';

const State = { Opened: 1, Headers: 2, Loading: 3, Done: 4 } as const;

export class BrowserRequest {
  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  response: unknown = '';
  responseType = '';
  responseURL = '';
  timeout = 0;
  withCredentials = false;
  onreadystatechange: (() => void) | null = null;
  readonly #headers: Record<string, string> = {};
  readonly #chunks: Buffer[] = [];
  #answer: IncomingMessage | undefined;
  #method = 'GET';

  open(method: string, url: string): void {
    this.#method = method;
    this.responseURL = url;
    this.#reach(State.Opened);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  send(body: string | Uint8Array | ArrayBuffer): void {
    const content = body instanceof ArrayBuffer ? new Uint8Array(body) : body;
    const headers = { ...this.#headers, 'content-length': Buffer.byteLength(content) };
    const asked = request(this.responseURL, { method: this.#method, headers }, (answer) => {
      this.#answer = answer;
      this.status = answer.statusCode ?? 0;
      this.#reach(State.Headers);
      answer.on('data', (chunk: Buffer) => this.#take(chunk));
      answer.on('end', () => this.#end());
    });
    asked.on('error', () => this.#end());
    asked.end(content);
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.responseType === '') this.responseText += chunk.toString('latin1');
    this.#reach(State.Loading);
  }

  #end(): void {
    const body = Buffer.concat(this.#chunks);
    this.response = this.responseType === '' ? this.responseText : Uint8Array.from(body).buffer;
    this.#reach(State.Done);
  }

  #reach(state: number): void {
    this.readyState = state;
    this.onreadystatechange?.();
  }

  getResponseHeader(name: string): string | null {
    const value = this.#answer?.headers[name.toLowerCase()];
    return value === undefined ? null : String(value);
  }

  getAllResponseHeaders(): string {
    const headers = Object.entries(this.#answer?.headers ?? {});
    return headers.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
  }

  abort(): void {
    this.#answer?.destroy();
  }
}
