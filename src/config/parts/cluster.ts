/** What the objects in the cluster are like: nothing about them is hard-coded. */
import {
  boolean,
  choice,
  duration,
  group,
  list,
  map,
  number,
  object,
  objects,
  text,
} from '../declare.ts';
import { clusterCommands, fixedPort, label, labelOrNone } from './common.ts';

/** Traffic is everywhere, so tappers run on nodes with any taint. */
const everyTaint = [
  { operator: 'Exists', effect: 'NoExecute' },
  { operator: 'Exists', effect: 'NoSchedule' },
];

const digest = {
  pattern: { matches: /^(sha256:[0-9a-f]{64})?$/, expected: 'sha256: and 64 hexadecimal digits' },
};

/** The first toleration that matches counts: an API server on a lost node is to move. */
const lostNode = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

function pod(of: string, tolerations: Parameters<typeof objects>[0] = everyTaint) {
  return {
    image: text('', `image of ${of} alone, as a whole reference`, { shown: "Mizu's image" }),
    'node-selector': map(`labels that a node must have to run ${of}`),
    affinity: object(`affinity of ${of}, as in a pod's \`affinity\``),
    tolerations: objects(
      tolerations,
      `taints of nodes that ${of} may run on, as in a pod's \`tolerations\``,
      {
        shown: 'any taint',
      },
    ),
    'priority-class': text('', `priority class of ${of}`, labelOrNone),
    'pod-security-context': object(
      "merged over the pod's security context, field by field; null takes a field out",
    ),
    'security-context': object(
      "merged over the container's security context, field by field; null takes a field out",
    ),
    labels: map(`labels on the pods of ${of}, besides those of every object`),
    annotations: map(`annotations on the pods of ${of}, besides those of every object`),
    env: map(`environment variables of ${of}, besides Mizu's own`, { secret: true }),
    'service-account': group('The account it runs under.', {
      create: boolean(true, 'false: an account made beforehand is used, and not deleted'),
      name: text('', 'name of the account', { ...labelOrNone, shown: 'follows from the prefix' }),
    }),
  };
}

export const cluster = {
  'mizu-resources-namespace': text('mizu', "namespace of Mizu's own objects", {
    ...label,
    flag: { commands: clusterCommands, value: 'namespace' },
  }),
  'name-prefix': text('mizu', 'names of all objects begin with it: mizu gives mizu-api-server', {
    pattern: {
      matches: /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
      expected: 'a name of lower-case letters, digits and dashes, at most 40 long',
    },
  }),
  labels: map('labels on every object'),
  annotations: map('annotations on every object'),
  'namespace-labels': map('labels on the namespace, over the Pod Security labels that Mizu sets'),
  'create-roles': boolean(
    true,
    'false: roles and bindings were made beforehand, or there are none and names stay addresses',
  ),
  'agent-image': text(
    '',
    'the image as a whole reference, registry.example/mizu:1.0; wins over `image`',
    {
      shown: 'made from `image`',
    },
  ),
  image: group('The image that runs in the cluster, in parts.', {
    registry: text('', 'host and port of the registry', { shown: "the nodes' default" }),
    repository: text('mizu', 'name of the image in the registry'),
    tag: text('', 'tag of the image', { shown: "Mizu's version" }),
    digest: text('', 'digest of the image, sha256:...; wins over the tag', digest),
    'pull-secrets': list('names of Secrets with which the image is pulled'),
  }),
  'image-pull-policy': choice(
    ['IfNotPresent', 'Always', 'Never'],
    'IfNotPresent',
    'when nodes pull the image',
  ),
  'api-server': group('The API server: one pod that stores, and serves the page.', {
    port: number(8899, 'port of page and API in the pod', fixedPort),
    'tapper-port': number(8898, 'port for tappers, in the pod and in the service', fixedPort),
    'service-port': number(80, 'port of page and API in the service', fixedPort),
    'service-type': choice(
      ['ClusterIP', 'NodePort', 'LoadBalancer'],
      'ClusterIP',
      'type of the service',
    ),
    'service-annotations': map('annotations on the service, which load balancers read'),
    'start-timeout': duration(120_000, 'how long to wait for the API server to start', {
      environment: ['API_SERVER_TIMEOUT_SEC'],
      least: 1000,
      most: 3_600_000,
    }),
    'connect-retries': number(3, 'how often to try to reach the API server before giving up', {
      environment: ['API_SERVER_RETRIES'],
      least: 1,
      most: 100,
    }),
    ...pod('the API server', [...lostNode, ...everyTaint]),
  }),
  tapper: group('The tappers: one pod on each node with targets.', {
    'host-processes': boolean(
      false,
      "mount the node's /proc (read-only), to name the owners of host-network sockets",
    ),
    ...pod('the tappers'),
  }),
};
