/** Opens the WebSocket to the API server: TLS to exactly the pinned certificate, then the key. */
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { WebSocket } from 'ws';
import { maxFrameBytes } from './frame.ts';
import { keyScheme, linkPath, maxTargetsBytes } from './messages.ts';

/** How long each step of connecting may take. */
const connectTimeoutMs = 10_000;

/** What a tapper needs to trust and to be trusted. */
export interface LinkSecret {
  readonly key: string;
  /** PEM; the API server must present exactly this one. */
  readonly certificate: string;
}

export interface LinkAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * A connected WebSocket. Throws an `Error` whose message says what is wrong, for people. The key is
 * sent only after the other end has proved to own the pinned certificate. That one's dates are not
 * looked at: it is made for one run, and clocks of nodes differ.
 */
export async function connectPinned(
  address: LinkAddress,
  secret: LinkSecret,
  signal: AbortSignal,
): Promise<WebSocket> {
  const socket = await pinnedSocket(address, secret, signal);
  return await openWebSocket(address, secret, socket, signal);
}

function pinnedSocket(
  { host, port }: LinkAddress,
  { certificate }: LinkSecret,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  const pinned = fingerprintOf(certificate);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      // The fingerprint below is the check: stricter than any chain.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const fail = (error: Error) => {
      finish();
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(new Error('the tapper ends'));
    const timer = setTimeout(
      () => fail(new Error(`no answer from ${host}:${port} within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', fail);
    };
    signal.addEventListener('abort', onAbort);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 !== pinned) {
        fail(
          new Error(
            `${host}:${port} shows another certificate than the one in the secret: it belongs to another run of Mizu, or somebody is in between`,
          ),
        );
        return;
      }
      finish();
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function fingerprintOf(certificate: string): string {
  try {
    return new X509Certificate(certificate).fingerprint256;
  } catch {
    throw new Error('the certificate in the secret (tls.crt) cannot be read');
  }
}

function openWebSocket(
  { host, port }: LinkAddress,
  { key }: LinkSecret,
  socket: tls.TLSSocket,
  signal: AbortSignal,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const name = host.includes(':') ? `[${host}]` : host;
    const webSocket = new WebSocket(`wss://${name}:${port}${linkPath}`, {
      createConnection: () => socket,
      headers: { authorization: keyScheme + key },
      perMessageDeflate: false,
      maxPayload: Math.max(maxTargetsBytes, maxFrameBytes),
      handshakeTimeout: connectTimeoutMs,
      followRedirects: false,
    });
    const onAbort = () => webSocket.terminate();
    signal.addEventListener('abort', onAbort);
    const fail = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    };
    webSocket.once('error', fail);
    webSocket.once('unexpected-response', (_request, response) => {
      socket.destroy();
      fail(new Error(refusal(response.statusCode ?? 0, host, port)));
    });
    webSocket.once('open', () => {
      signal.removeEventListener('abort', onAbort);
      webSocket.removeListener('error', fail);
      resolve(webSocket);
    });
    if (signal.aborted) onAbort();
  });
}

function refusal(status: number, host: string, port: number): string {
  return status === 401
    ? `${host}:${port} does not accept the key in the secret`
    : `${host}:${port} is no API server of Mizu for tappers (HTTP status ${status})`;
}
