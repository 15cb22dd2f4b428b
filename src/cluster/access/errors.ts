/** What can go wrong between this program and a cluster, each with one sentence that says what to do. */

export type ClusterErrorCode =
  | 'no-kubeconfig'
  | 'bad-kubeconfig'
  | 'no-context'
  | 'proxy'
  | 'unreachable'
  | 'certificate'
  | 'login'
  | 'forbidden'
  | 'too-old'
  | 'not-found'
  | 'exists'
  | 'conflict'
  | 'refused'
  | 'running'
  | 'not-running'
  | 'not-ready'
  | 'local-port'
  | 'timeout';

/** An error for people: `message` is what the terminal shows. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string) {
    super(message);
    this.name = 'ClusterError';
    this.code = code;
  }
}

export function hasCode(error: unknown, ...codes: readonly ClusterErrorCode[]): boolean {
  return error instanceof ClusterError && codes.includes(error.code);
}

/** What a request wanted, in the words of Kubernetes' access rules. */
export interface Wanted {
  readonly verb: string;
  /** Plural, with the group where there is one: `daemonsets.apps`. */
  readonly resource: string;
  readonly name?: string | undefined;
  /** Undefined for what belongs to no namespace, and for a request over all of them. */
  readonly namespace?: string | undefined;
}

const certificateCodes: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  ENETUNREACH: 'there is no way to its network',
  EHOSTUNREACH: 'there is no way to it',
  ECONNRESET: 'it closes the connection',
  EPROTO: 'it does not speak TLS',
};

/** A failed connection, a failed TLS handshake, for people; any other error is left as it is. */
export function connectionError(error: unknown, server: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (certificateCodes.has(code)) {
    return new ClusterError(
      'certificate',
      `the certificate of the Kubernetes server ${server} cannot be trusted (${message}); check certificate-authority in the kubeconfig, or write the kubeconfig anew`,
    );
  }
  if (code.startsWith('ERR_OSSL') || code.startsWith('ERR_SSL')) {
    return new ClusterError(
      'certificate',
      `the TLS handshake with the Kubernetes server ${server} failed (${message}); check the client certificate and key in the kubeconfig`,
    );
  }
  if (!/^E[A-Z]+(_AGAIN)?$/.test(code)) return error;
  const reason = networkReasons[code] ?? message;
  return new ClusterError(
    'unreachable',
    `the Kubernetes server ${server} cannot be reached: ${reason}; check that the cluster runs and that the kubeconfig's context is the right one`,
  );
}

function place(wanted: Wanted): string {
  return wanted.namespace === undefined
    ? 'in the whole cluster'
    : `in namespace "${wanted.namespace}"`;
}

function forbidden(wanted: Wanted): ClusterError {
  const name = wanted.name === undefined ? '' : ` "${wanted.name}"`;
  return new ClusterError(
    'forbidden',
    `insufficient permissions: you may not ${wanted.verb} ${wanted.resource}${name} ${place(wanted)}; supply the required permission (deploy/permissions has a file for each mode, mizu check --pre-tap lists what is missing) or control Mizu's access to namespaces by setting mizu-resources-namespace`,
  );
}

/** 403 is a missing right, or an admission rule that refuses: quota, Pod Security, a volume's class. */
function denied(said: string, message: string, wanted: Wanted): ClusterError {
  if (/because it is being terminated/.test(message)) return new ClusterError('conflict', said);
  if (/attempting to grant RBAC permissions not currently held/.test(message)) {
    const [first = ''] = said.split('\n', 1);
    return new ClusterError('forbidden', `${first}; whoever grants rights must have them`);
  }
  if (message === '' || /\b[Uu]ser ".*" cannot /.test(message)) return forbidden(wanted);
  const name = wanted.name === undefined ? '' : ` "${wanted.name}"`;
  return new ClusterError('refused', `cannot ${wanted.verb} ${wanted.resource}${name}: ${said}`);
}

/** A `Status` of Kubernetes, as far as it is read here. */
interface Status {
  readonly reason?: string;
  readonly message?: string;
}

function readStatus(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Status) : {};
  } catch {
    return {};
  }
}

/** The longest answer of a server that is quoted in a message. */
const quotedCharacters = 300;

/** An answer that is no success: `status` 4xx or 5xx, `body` as received. */
export function responseError(
  status: number,
  body: string,
  wanted: Wanted,
  server: string,
): ClusterError {
  const { reason = '', message = '' } = readStatus(body);
  const said = message === '' ? `status ${status}` : message.slice(0, quotedCharacters);
  const name = wanted.name === undefined ? '' : ` "${wanted.name}"`;
  if (status === 401) {
    return new ClusterError(
      'login',
      `the Kubernetes server ${server} does not accept the login of the kubeconfig (expired?); log in again with the tool of your cluster and check it with kubectl get pods`,
    );
  }
  if (status === 403) return denied(said, message, wanted);
  if (status === 404) {
    return new ClusterError('not-found', `${wanted.resource}${name} not found ${place(wanted)}`);
  }
  if (status === 409 && reason === 'AlreadyExists') {
    return new ClusterError('exists', `${wanted.resource}${name} exists already ${place(wanted)}`);
  }
  if (status === 409) return new ClusterError('conflict', said);
  return new ClusterError('refused', `cannot ${wanted.verb} ${wanted.resource}${name}: ${said}`);
}
