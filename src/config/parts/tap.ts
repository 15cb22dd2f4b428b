import {
  alias,
  boolean,
  choice,
  coming,
  dead,
  duration,
  group,
  list,
  number,
  size,
  text,
} from '../declare.ts';
import { anyPort, quantity, targetCommands } from './common.ts';
import { limits } from './limits.ts';

const uploads = 'the service that it uploaded to is gone, and Mizu sends nothing anywhere';

function resources(of: string) {
  return group(`CPU and memory of ${of}, as Kubernetes quantities; an empty text sets none.`, {
    'cpu-limit': text('750m', 'most CPU it may use', quantity),
    'memory-limit': text('1Gi', 'most memory it may use', quantity),
    'cpu-requests': text('50m', 'CPU the node must have free', quantity),
    'memory-requests': text('50Mi', 'memory the node must have free', quantity),
  });
}

/** Which pods, and which of their traffic. */
const targets = {
  regex: text(
    '.*',
    'pods whose name matches this regular expression (RE2), anywhere in the name; the argument of `mizu tap`',
  ),
  namespaces: list('namespaces whose pods are tapped', {
    flag: { commands: targetCommands, short: 'n', value: 'namespace' },
    shown: "the kubeconfig's own",
  }),
  'all-namespaces': boolean(false, 'tap the pods of all namespaces', {
    flag: { commands: targetCommands, short: 'A' },
  }),
  selector: text('', 'only pods with these labels, as kubectl takes them: app=cart,tier!=db', {
    flag: { commands: targetCommands, short: 'l', value: 'labels' },
  }),
  workload: text('', 'only pods of this workload: deploy/cart, sts/db, ds/agent, job/import', {
    flag: { commands: targetCommands, value: 'kind/name' },
  }),
  'ignored-user-agents': list(
    'requests are left out when their User-Agent contains one of these texts, in any case',
    { commas: 'kept' },
  ),
  proto: list('folders and files (.proto, descriptor sets) by which gRPC messages are read', {
    flag: { commands: ['tap'], value: 'path' },
  }),
  'capture-filter': text('', "only packets that match, as for tcpdump: 'tcp port 8080'", {
    flag: { commands: targetCommands, value: 'expression' },
  }),
  interface: list('only these network interfaces (with --local)', {
    flag: {
      commands: ['tap'],
      value: 'name',
      help: 'only this interface; may be repeated (with --local)',
    },
    shown: 'all',
  }),
};

/** What is kept of it, and where. */
const keeping = {
  'max-entries-db-size': size(200_000_000, 'how much traffic to store before old traffic goes', {
    flag: { commands: targetCommands, value: 'size' },
    least: 10_000_000,
    refused: 'Could not parse --max-entries-db-size value',
  }),
  store: text('', 'keep what is stored in this directory (with --local and --read)', {
    flag: {
      commands: ['tap'],
      value: 'directory',
      help: 'keep what is stored here (otherwise it ends with the tap)',
    },
  }),
  'body-limit': size(1 << 20, 'bytes of a body that are kept, each side', {
    flag: { commands: targetCommands, value: 'size' },
    most: 16 << 20,
  }),
  redact: boolean(
    true,
    'replace passwords, tokens and cookies by [REDACTED] before they leave the node',
    {
      flag: {
        commands: targetCommands,
        negated: 'both',
        help: 'replace passwords, tokens and cookies by [REDACTED]',
      },
    },
  ),
  'no-redact': alias(
    'boolean',
    'tap.redact',
    (value) => value !== true,
    'the opposite of redact, as it was once written',
  ),
  'redact-patterns': group('What to redact besides, by name.', {
    'request-headers': coming(list('names of request headers')),
    'response-headers': coming(list('names of response headers')),
    'request-body': coming(list('names of fields in request bodies')),
    'response-body': coming(list('names of fields in response bodies')),
    'request-query-params': coming(list('names of query parameters')),
  }),
  'regex-masking': coming(
    list('regular expressions; what they match in text bodies is masked', {
      flag: { commands: ['tap'], short: 'r', value: 'regex', hidden: true },
      commas: 'kept',
    }),
  ),
  'insertion-filter': coming(
    text('', 'only entries that match this query are stored; the query, or a file that holds it', {
      flag: { commands: targetCommands, value: 'query', hidden: true },
    }),
  ),
};

/** Where the entries go. */
const showing = {
  'gui-port': number(8899, 'port of the page on this machine; 0: any free one', {
    ...anyPort,
    flag: { commands: ['tap'], short: 'p', value: 'port' },
  }),
  'proxy-host': text('127.0.0.1', 'address of this machine on which the page is served', {
    flag: { commands: ['tap'], value: 'address' },
  }),
  output: choice(
    ['page', 'jsonl', 'none', 'yaml'],
    'page',
    'a page in the browser, a JSON line for each entry, or nothing; yaml: the objects of --dry-run',
    { flag: { commands: ['tap'], short: 'o', value: 'form' } },
  ),
  filter: text('', 'only entries that match this query (with --output jsonl)', {
    flag: { commands: ['tap'], value: 'query' },
  }),
  summary: choice(['text', 'json', 'none'], 'text', 'the closing summary on standard error', {
    flag: { commands: ['tap'], value: 'form' },
  }),
  'dry-run': boolean(false, 'list the pods that would be tapped, create nothing', {
    flag: { commands: ['tap'] },
  }),
  lease: duration(
    300_000,
    'when the command line has been gone for so long, the cluster side stops and removes itself',
    {
      flag: { commands: ['tap'], value: 'duration' },
      least: 15_000,
      most: 86_400_000,
    },
  ),
};

const later = {
  'service-mesh': coming(
    boolean(false, "also capture inside the network namespaces of Istio's and Linkerd's proxies", {
      flag: { commands: targetCommands, hidden: true },
    }),
  ),
  tls: coming(
    boolean(false, 'read what OpenSSL and Go encrypt, before they do', {
      flag: { commands: targetCommands, hidden: true },
    }),
  ),
  profiler: coming(
    boolean(false, 'profile the processes in the cluster', {
      flag: { commands: ['tap'], hidden: true },
    }),
  ),
  'traffic-validation-file': coming(
    text('', 'file with rules that traffic is checked against', {
      flag: { commands: ['tap'], value: 'file', hidden: true },
    }),
  ),
  contract: coming(
    text('', 'OpenAPI document that traffic is checked against', {
      flag: { commands: ['tap'], value: 'file', hidden: true },
    }),
  ),
};

const past = {
  'max-live-streams': dead(
    'number',
    'tappers keep a memory budget instead of counting connections',
    { flag: { commands: ['tap'], value: 'count', hidden: true } },
  ),
  analysis: dead('boolean', uploads, { flag: { commands: ['tap'], hidden: true } }),
  workspace: dead('text', uploads, {
    flag: { commands: ['tap'], short: 'w', value: 'name', hidden: true },
  }),
  'upload-interval': dead('number', uploads),
  'ask-upload-confirmation': dead('boolean', uploads),
};

export const tap = group(
  'What `mizu tap` does; `mizu install` shares what is about targets and storage.',
  {
    ...targets,
    ...keeping,
    ...showing,
    'api-server-resources': resources('the API server'),
    'tapper-resources': resources('each tapper'),
    limits,
    ...later,
    ...past,
  },
);
