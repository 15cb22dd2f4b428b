/** The page of the API server on a port of this machine. */
import type { V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, isReady, openPortForward } from '../../cluster/access/index.ts';
import { podSelector } from '../../cluster/objects/index.ts';
import { hasDisplay } from '../browser.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';
import type { ClusterSetup } from './setup.ts';

/** How long a found pod is taken for granted, ms: a page opens several connections at once. */
const rememberMs = 2000;
const probeTimeoutMs = 5000;
const probePauseMs = 500;

export interface Tunnel {
  readonly port: number;
  /** Makes sure that something answers at its end. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

export interface TunnelOptions {
  readonly localPort: number;
  readonly localHost: string;
}

/** Takes the port at once, so that one in use is known before anything is made. */
export async function openTunnel(setup: ClusterSetup, options: TunnelOptions): Promise<Tunnel> {
  const { api, namespace, names, config, context } = setup;
  let probed = false;
  let reason: string | undefined;
  const forwarding = await openPortForward(api, {
    namespace,
    podPort: config.apiServer.port,
    localPort: options.localPort,
    localHost: options.localHost,
    findPod: podFinder(api, namespace, labelText(podSelector(names.apiServer))),
    onState: (broken) => {
      reason = broken;
      // A page left open in a browser calls before there is anything to call.
      if (!probed) return;
      context.stderr.write(
        broken === undefined
          ? 'mizu: connected to the API server again\n'
          : `mizu: the connection to the API server is broken (${broken}); trying to connect again\n`,
      );
    },
  });
  return {
    port: forwarding.port,
    close: () => forwarding.close(),
    async probe() {
      await probe(setup, forwarding.port, () => reason);
      probed = true;
    },
  };
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

function podFinder(
  api: ClusterApi,
  namespace: string,
  labelSelector: string,
): (signal: AbortSignal) => Promise<string | undefined> {
  let known: { readonly name: string; readonly at: number } | undefined;
  return async (signal) => {
    const now = performance.now();
    if (known !== undefined && now - known.at < rememberMs) return known.name;
    known = undefined;
    const { items } = await api.list<V1Pod>({ kind: 'Pod', namespace, labelSelector }, { signal });
    const name = items.find(isReady)?.metadata?.name;
    if (name !== undefined) known = { name, at: now };
    return name;
  };
}

/** Any answer will do: who may look is another question. */
async function probe(
  { config, context }: ClusterSetup,
  port: number,
  reason: () => string | undefined,
): Promise<void> {
  const { connectRetries } = config.apiServer;
  for (let attempt = 1; ; attempt++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, {
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(probeTimeoutMs), context.signal]),
      });
      return;
    } catch {
      context.signal.throwIfAborted();
      if (attempt >= connectRetries) {
        const why = reason() ?? 'for more info see mizu logs';
        throw new UserError(`Couldn't connect to API server, ${why}`, ExitCode.Cannot);
      }
      await new Promise((resolve) => setTimeout(resolve, probePauseMs));
    }
  }
}

export function pageUrl(port: number, token: string): string {
  return `http://localhost:${port}/?token=${encodeURIComponent(token)}`;
}

export function showPage(context: CliContext, url: string, headless: boolean): void {
  const { environment, stdout } = context;
  stdout.write(`Mizu is available at ${url}\n`);
  if (!headless && hasDisplay(environment, stdout.isTTY === true)) context.openBrowser(url);
}
