/** Notices when nobody renews the session's lease any more: the command that made it was killed. */
import type { V1Lease } from '@kubernetes/client-node';
import type { ClusterApi } from '../cluster/access/cluster-api.ts';
import { hasCode } from '../cluster/access/errors.ts';

const lookEveryMs = 5000;

export interface SessionWatchOptions {
  readonly api: ClusterApi;
  readonly namespace: string;
  readonly lease: { readonly name: string; readonly seconds: number };
  /** Said once, when the session is over. */
  readonly onEnded: (reason: string) => void;
  readonly lookEveryMs?: number;
  readonly now?: () => number;
}

/** Watches until stopped. Only this machine's clock counts: the command's may be wrong. */
export function watchSession(options: SessionWatchOptions): () => void {
  const { api, namespace, lease, onEnded, now = () => performance.now() } = options;
  const controller = new AbortController();
  let renewed = '';
  let seenMs = now();
  const look = async (): Promise<void> => {
    try {
      const found = await api.find<V1Lease>(
        { kind: 'Lease', namespace, name: lease.name },
        { signal: controller.signal, timeoutMs: lookEveryMs },
      );
      const time = String(found?.spec?.renewTime ?? '');
      if (time !== '' && time !== renewed) {
        renewed = time;
        seenMs = now();
      }
    } catch (error) {
      // Without an answer nothing is known; without the right to look, the session has no end here.
      if (!hasCode(error, 'forbidden')) return;
      seenMs = now();
    }
    if (controller.signal.aborted || now() - seenMs < lease.seconds * 1000) return;
    controller.abort();
    onEnded(`nobody has renewed the session for ${lease.seconds} s`);
  };
  const timer = setInterval(() => void look(), options.lookEveryMs ?? lookEveryMs);
  controller.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  void look();
  return () => controller.abort();
}
