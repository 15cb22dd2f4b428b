/** `mizu check --image-pull`: whether nodes can pull Mizu's own image, tried with a pod. */
import type { V1Pod } from '@kubernetes/client-node';
import { findTrouble, observe, pause } from '../../cluster/access/index.ts';
import { imageReference, managedBy, managedByLabel } from '../../cluster/objects/index.ts';
import { clusterSettings } from './cluster-settings.ts';
import { findReach } from './rights.ts';
import type { ClusterSetup } from './setup.ts';

const podName = 'mizu-test';
const waitMs = 30_000;
const lookEveryMs = 700;

/** In the resources namespace when it is there, for the pull secrets are there; else in `default`. */
export async function checkImagePull(setup: ClusterSetup): Promise<(() => Promise<string>)[]> {
  const { api, config, context } = setup;
  const { signal } = context;
  const there = await api
    .find({ kind: 'Namespace', name: setup.namespace }, { signal })
    .catch(() => ({}));
  const namespace = there === undefined ? 'default' : setup.namespace;
  const reach = await findReach(setup);
  const secret = { token: '', key: '', certificate: '', certificateKey: '' };
  const settings = clusterSettings(config, {
    ...reach,
    mode: 'tap',
    namespaces: [],
    storage: false,
    secret,
    startedAt: 0,
  });
  const image = imageReference(settings.image);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName, namespace, labels: { [managedByLabel]: managedBy, app: podName } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
      tolerations: settings.apiServer.tolerations,
      nodeSelector: settings.apiServer.nodeSelector,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: podName,
          image,
          imagePullPolicy: 'Always',
          args: ['version'],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
  const reference = { kind: 'Pod', name: podName, namespace };
  return [
    async () => {
      await api.delete(reference, { signal });
      await api.create(pod, { signal });
      try {
        await untilPulled(setup, namespace);
      } finally {
        await api.delete(reference).catch(() => false);
      }
      return `can pull the image ${image}`;
    },
  ];
}

async function untilPulled({ api, context }: ClusterSetup, namespace: string): Promise<void> {
  const { signal } = context;
  const until = performance.now() + waitMs;
  const labelSelector = `app=${podName}`;
  let last = '';
  while (performance.now() < until) {
    const seen = await observe(api, { namespace, labelSelector, signal });
    const [pod] = seen.pods;
    if (pod !== undefined && hasImage(pod)) return;
    const trouble = findTrouble(podName, seen);
    if (trouble !== undefined) last = `: ${trouble.reason} - ${trouble.note}`;
    if (trouble?.reason === 'ImagePullBackOff') break;
    await pause(lookEveryMs, signal);
  }
  throw new Error(`the image was not pulled within ${waitMs / 1000} seconds${last}`);
}

/** A container that has started, or ended, or could not run its program, has its image. */
function hasImage({ status }: V1Pod): boolean {
  const [container] = status?.containerStatuses ?? [];
  return Boolean(container?.imageID);
}
