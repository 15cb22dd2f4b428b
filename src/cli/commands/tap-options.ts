/** The options of `mizu tap`, and what the typed words become. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.ts';
import { parseSize } from '../units.ts';

export interface TapCommandOptions {
  readonly local?: true;
  readonly read?: readonly string[];
  readonly interface: readonly string[];
  readonly captureFilter?: string;
  readonly output: 'page' | 'jsonl' | 'none';
  readonly filter?: string;
  readonly write?: string;
  readonly store?: string;
  readonly maxEntriesDbSize: number;
  readonly bodyLimit: number;
  readonly redact: boolean;
  readonly guiPort: number;
  readonly proxyHost: string;
  readonly headless?: true;
  readonly demo?: true;
  readonly summary: 'text' | 'json' | 'none';
}

const defaultStoreBytes = 200_000_000;
/** Below this a store has no room for a single segment. */
const leastStoreBytes = 10_000_000;
const defaultBodyBytes = 1 << 20;
/** Larger bodies do not fit into a batch. */
const mostBodyBytes = 16 << 20;

function size(least: number, most: number, advice: string): (text: string) => number {
  return (text) => {
    const bytes = parseSize(text);
    if (bytes !== undefined && bytes >= least && bytes <= most) return bytes;
    throw new InvalidArgumentError(advice);
  };
}

function port(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65535) return number;
  throw new InvalidArgumentError('Expected a port number, 0 to 65535 (0: any free port).');
}

function sourceOptions(): Option[] {
  return [
    new Option('--local', "this machine's traffic, live").conflicts('read'),
    new Option(
      '--read <file...>',
      'capture files (pcap, pcapng, also gzip or zstd); - is standard input',
    ),
    new Option('--interface <name>', 'only this interface; may be repeated (with --local)')
      .argParser((name: string, before: string[]) => [...before, name])
      .default([], 'all'),
    new Option(
      '--capture-filter <expression>',
      "only packets that match, as for tcpdump: 'tcp port 8080'",
    ),
    new Option('--write <file>', 'also save the packets as pcapng'),
    new Option('--demo', 'run the demo shop as well and label its calls (with --local)').conflicts(
      'read',
    ),
  ];
}

function outputOptions(): Option[] {
  return [
    new Option('--output <form>', 'a page in the browser, a JSON line for each entry, or nothing')
      .choices(['page', 'jsonl', 'none'])
      .default('page'),
    new Option('--filter <query>', 'only entries that match (with --output jsonl)'),
    new Option('--summary <form>', 'the closing summary on standard error')
      .choices(['text', 'json', 'none'])
      .default('text'),
    new Option('--gui-port <port>', 'port of the page').argParser(port).default(8899),
    new Option('--proxy-host <address>', 'address on which the page is served').default(
      '127.0.0.1',
    ),
    new Option('--headless', 'do not open a browser'),
  ];
}

function keepingOptions(): Option[] {
  return [
    new Option('--max-entries-db-size <size>', 'how much traffic to store before old traffic goes')
      .argParser(
        size(
          leastStoreBytes,
          Number.MAX_SAFE_INTEGER,
          'Expected a size such as 200MB, at least 10MB.',
        ),
      )
      .default(defaultStoreBytes, '200MB'),
    new Option('--store <directory>', 'keep what is stored here (otherwise it ends with the tap)'),
    new Option('--body-limit <size>', 'bytes of a body that are kept, each side')
      .argParser(size(0, mostBodyBytes, 'Expected a size such as 64kB or 1MiB, at most 16MiB.'))
      .default(defaultBodyBytes, '1MiB'),
    new Option('--no-redact', 'keep passwords, tokens and cookies readable'),
  ];
}

export function addTapOptions(command: Command): void {
  for (const option of [...sourceOptions(), ...outputOptions(), ...keepingOptions()]) {
    command.addOption(option);
  }
}

/** Throws `UserError` when options do not fit together. */
export function checkTapOptions(options: TapCommandOptions): void {
  if (options.local === undefined && options.read === undefined) {
    throw new UserError(
      'tapping a cluster is not built yet; use mizu tap --local for this machine or mizu tap --read FILE for a capture',
    );
  }
  if (options.interface.length > 0 && options.local === undefined) {
    throw new UserError('--interface goes with --local');
  }
  if (options.demo !== undefined && options.local === undefined) {
    throw new UserError('--demo goes with --local');
  }
  if (options.filter !== undefined && options.output !== 'jsonl') {
    throw new UserError('--filter goes with --output jsonl; the page has its own query bar');
  }
  const inputs = options.read ?? [];
  if (inputs.filter((path) => path === '-').length > 1) {
    throw new UserError('standard input (-) can be read only once');
  }
  if (options.write !== undefined && inputs.includes(options.write)) {
    throw new UserError(`--write would overwrite ${options.write}, which is read`);
  }
}
