/** The settings of the other commands, and those of all commands. */
import { alias, boolean, choice, coming, dead, group, number, size, text } from '../declare.ts';
import { anyPort, clusterCommands, labelOrNone } from './common.ts';

const loginGone = 'there is no account to log in to';
const template = 'Mizu makes its objects itself and downloads nothing';
const serverGone = 'this server is no longer part of Mizu';
const elasticGone = 'entries are no longer copied to Elasticsearch';

export const commands = {
  install: group('What `mizu install` does besides.', {
    output: choice(
      ['', 'yaml'],
      '',
      'print the objects for kubectl apply instead of creating them',
      {
        flag: { commands: ['install'], short: 'o', value: 'form', bare: 'yaml' },
        shown: 'create them',
      },
    ),
    out: alias(
      'boolean',
      'install.output',
      (value) => (value === true ? 'yaml' : ''),
      'true is output: yaml, as it was once written',
      { flag: { commands: ['install'], hidden: true } },
    ),
    storage: boolean(true, 'keep the traffic on a volume; false: it goes with the pod', {
      flag: {
        commands: ['install'],
        negated: 'only',
        help: 'keep no volume: traffic goes with the pod',
      },
    }),
    'storage-class': text('', 'storage class of the volume', {
      ...labelOrNone,
      flag: { commands: ['install'], value: 'name' },
      shown: "the cluster's default",
    }),
    'storage-size': size(0, 'size of the volume; 0: what the store may keep and 500MB', {
      flag: { commands: ['install'], value: 'size' },
      shown: 'what the store may keep and 500MB',
    }),
    'storage-access-mode': choice(
      ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'],
      'ReadWriteOnce',
      'access mode of the volume',
    ),
    'template-url': dead('text', template),
    'template-name': dead('text', template),
  }),
  view: group('What `mizu view` does.', {
    'gui-port': number(8899, 'port of the page on this machine; 0: any free one', {
      ...anyPort,
      flag: { commands: ['view'], short: 'p', value: 'port' },
    }),
    'proxy-host': text('127.0.0.1', 'address of this machine on which the page is served', {
      flag: { commands: ['view'], value: 'address' },
    }),
    url: text('', 'open this address instead of looking for a running Mizu', {
      flag: { commands: ['view'], short: 'u', value: 'url', hidden: true },
    }),
    token: boolean(false, 'print the token of the running Mizu and end', {
      flag: { commands: ['view'] },
      once: true,
    }),
  }),
  logs: group('What `mizu logs` does.', {
    file: text('', 'the zip file to write', {
      flag: { commands: ['logs'], short: 'f', value: 'file' },
      shown: 'mizu_logs.zip in this directory',
    }),
  }),
  check: group('What `mizu check` does.', {
    'pre-tap': boolean(false, 'check the rights that `mizu tap` needs', {
      flag: { commands: ['check'] },
    }),
    'pre-install': boolean(false, 'check the rights that `mizu install` needs', {
      flag: { commands: ['check'] },
    }),
    'image-pull': boolean(false, 'check that nodes can pull the image', {
      flag: { commands: ['check'] },
    }),
  }),
  version: group('What `mizu version` does.', {
    debug: boolean(false, 'also what it was built from and runs on', {
      flag: { commands: ['version'], short: 'd' },
    }),
  }),
  config: group('What `mizu config` does.', {
    regenerate: boolean(false, 'write the template to the configuration file', {
      flag: { commands: ['config'], short: 'r' },
      once: true,
    }),
    effective: boolean(false, 'print each value with where it comes from', {
      flag: { commands: ['config'] },
      once: true,
    }),
  }),
};

export const general = {
  'kube-config-path': text('', 'the kubeconfig file', {
    flag: { commands: clusterCommands, long: 'kubeconfig', value: 'file' },
    shown: 'KUBECONFIG, then ~/.kube/config',
  }),
  'kube-context': text('', 'the context of the kubeconfig', {
    flag: { commands: clusterCommands, long: 'context', value: 'name' },
    shown: 'the current one',
  }),
  token: text('', 'token of the page and the API', { secret: true, shown: 'a new one each time' }),
  headless: boolean(false, 'do not open a browser', { flag: { commands: ['tap', 'view'] } }),
  'log-level': choice(['debug', 'info', 'warn', 'error'], 'info', 'what is logged', {
    synonyms: {
      warning: 'warn',
      notice: 'info',
      critical: 'error',
      trace: 'debug',
      fatal: 'error',
    },
  }),
  'dump-logs': boolean(false, 'write a zip of all logs to ~/.mizu when the command ends', {
    flag: { commands: ['tap', 'clean'] },
  }),
  'config-path': text('~/.mizu/config.yaml', 'the configuration file', { once: true }),
};

/** Of the original; later, or never again. */
export const others = {
  'service-map': coming(boolean(false, 'the map of services')),
  oas: group(
    'OpenAPI documents made from traffic.',
    {
      enabled: coming(boolean(false, 'make them')),
      'max-example-len': coming(number(10_240, 'longest example, in bytes', { least: 0 })),
    },
    'enabled',
  ),
  telemetry: dead('boolean', 'Mizu reports nothing to anybody', {
    environment: ['MIZU_DISABLE_TELEMTRY'],
  }),
  auth: group('The account of the original.', {
    'env-name': dead('text', loginGone),
    token: dead('text', loginGone, { secret: true }),
  }),
  'kratos-image': dead('text', serverGone),
  'keto-image': dead('text', serverGone),
  elastic: group('Copies to Elasticsearch.', {
    user: dead('text', elasticGone),
    password: dead('text', elasticGone, { secret: true }),
    url: dead('text', elasticGone),
  }),
};
