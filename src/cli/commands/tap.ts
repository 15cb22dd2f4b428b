import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { GivenOptions } from '../../config/index.ts';
import type { Demo } from '../../demo/index.ts';
import { demoAddresses } from '../../demo/places.ts';
import { rootFolder } from '../../root.ts';
import type { TapOptions, TapSummary } from '../../tap.ts';
import { formatSize } from '../../units.ts';
import { hasDisplay } from '../browser.ts';
import type { CliContext, TextOutput } from '../context.ts';
import { ExitCode, knownCode, UserError } from '../errors.ts';
import { progressBar } from '../progress.ts';
import { readConfig } from '../read-config.ts';
import { damageText, summaryText } from '../summary.ts';
import {
  addTapOptions,
  checkGivenFlags,
  isClusterTap,
  localSettingsInCluster,
  type SourceOptions,
  type TapCommandOptions,
  tapOptions,
  withExpression,
} from './tap-options.ts';

const demoRate = 8;
const recording = fileURLToPath(new URL('src/demo/recording.pcapng.gz', rootFolder));

const examples = `
Examples:
  mizu tap                                            pods of the kubeconfig's namespace
  mizu tap -n shop -n payments 'cart|checkout'        of two namespaces, by name
  mizu tap -A -l tier=backend                         of all namespaces, by label
  mizu tap --workload deploy/cart --dry-run           what would be tapped
  mizu tap --local                                    this machine, live, in the browser
  mizu tap --local --interface eth0 --capture-filter 'tcp port 8080'
  mizu tap --read capture.pcap more.pcapng.gz         capture files, merged by time
  sudo tcpdump -U -w - | mizu tap --read -            somebody else captures
  mizu tap --read capture.pcap --output jsonl | jq .target
  mizu tap --read capture.pcap --output jsonl --filter 'response.status >= 500'
  mizu tap --local --write saved.pcapng               look now and keep the packets

Exit codes:
  0  fine                                 2  wrong options, or not a capture
  1  no right, no cluster, port taken     3  the input is damaged: what could be read was
`;

/** `mizu tap` */
export function addTapCommand(program: Command, context: CliContext): void {
  const command = program
    .command('tap')
    .argument('[pod regex]', 'pods whose name matches this regular expression')
    .description('show the API calls of pods in a cluster, of this machine, or of capture files');
  const given = addTapOptions(command);
  command
    .addHelpText('after', examples)
    .action(async (expression: string | undefined, source: SourceOptions) => {
      const exitCode = await runTapCommand(context, source, given(), expression);
      if (exitCode !== ExitCode.Ok) throw new UserError('', exitCode);
    });
}

async function runTapCommand(
  context: CliContext,
  source: SourceOptions,
  given: GivenOptions,
  expression: string | undefined,
): Promise<ExitCode> {
  const loaded = await readConfig(context, 'tap', withExpression(given, expression));
  checkGivenFlags(source, given, expression, loaded);
  if (!isClusterTap(source)) return await new TapCommand(tapOptions(source, loaded), context).run();
  for (const notice of localSettingsInCluster(loaded)) context.stderr.write(`${notice}\n`);
  const { runClusterTap } = await import('../cluster/cluster-tap.ts');
  return await runClusterTap(context, loaded);
}

/** One tap of this machine or of files: prepares the tap, tells the user what happens, sums up. */
class TapCommand {
  readonly #options: TapCommandOptions;
  readonly #context: CliContext;
  /** Where lines for people go: standard output belongs to the entries of `jsonl`. */
  readonly #people: TextOutput;

  constructor(options: TapCommandOptions, context: CliContext) {
    this.#options = options;
    this.#context = context;
    this.#people = options.output === 'page' ? context.stdout : context.stderr;
  }

  async run(): Promise<ExitCode> {
    if (this.#options.demo === undefined) return this.#finish(await this.#tap(this.#source(), []));
    const { openDemo } = await this.#context.loadDemo();
    const demo = await openDemo();
    try {
      return this.#finish(await this.#tap(this.#source(), demo.ports, demo));
    } catch (error) {
      const code = knownCode(error);
      if (code !== 'not-permitted' && code !== 'unsupported') throw error;
      return await this.#playRecording(error as Error, demo);
    } finally {
      await demo.close();
    }
  }

  #source(): TapOptions['source'] {
    const { read, captureFilter } = this.#options;
    if (read !== undefined) return { kind: 'files', paths: read, captureFilter };
    return {
      kind: 'local',
      interfaces: this.#options.interface,
      captureFilter,
      ignorePorts: this.#options.output === 'page' ? [this.#options.guiPort] : [],
    };
  }

  /** There shall be something real to see even where nothing can be captured. */
  async #playRecording(reason: Error, demo: Demo): Promise<ExitCode> {
    const notice = 'This machine cannot be tapped, so a recording of the demo shop is played.';
    this.#context.stderr.write(`${reason.message}\n${notice}\n`);
    const source = { kind: 'recording', path: recording } as const;
    return this.#finish(await this.#tap(source, demo.usualPorts, undefined, notice));
  }

  async #tap(
    source: TapOptions['source'],
    demoPorts: readonly number[],
    demo?: Demo,
    notice?: string,
  ): Promise<TapSummary> {
    const options = this.#options;
    const { signal, stderr } = this.#context;
    const runTap = await this.#context.loadTap();
    const progress = progressBar(this.#drawsProgress() ? stderr : { write: () => undefined });
    let url: string | undefined;
    const started = (): void => {
      if (url !== undefined) this.#ready(url);
      url = undefined;
    };
    try {
      return await runTap({
        source,
        output: options.output,
        store: this.#store(),
        bodyLimitBytes: options.bodyLimit,
        schemaPaths: options.proto,
        redact: options.redact,
        ignoredUserAgents: options.ignoredUserAgents,
        limits: options.limits,
        write: options.write,
        guiPort: options.guiPort,
        proxyHost: options.proxyHost,
        token: options.token,
        filter: options.filter,
        demoPorts,
        names: demoPorts.length > 0 ? demoAddresses : undefined,
        notice,
        signal,
        onProgress: (state) => progress.show(state),
        onNotice: (text) => void stderr.write(`mizu: ${text}\n`),
        onReady: (ready) => {
          url = ready.url;
          // A file is open as good as at once; standard input may be silent for long.
          if (source.kind === 'files') started();
        },
        onStarted: () => {
          started();
          demo?.drive({ rate: demoRate, signal }).catch((error: unknown) => {
            stderr.write(`mizu: the demo shop has stopped: ${String(error)}\n`);
          });
        },
      });
    } finally {
      progress.clear();
    }
  }

  #store(): TapOptions['store'] {
    const { output, store, maxEntriesDbSize } = this.#options;
    if (output !== 'page' && store === undefined) return 'none';
    return { directory: store, limitBytes: maxEntriesDbSize };
  }

  /** Files have an end to progress to; a page, or entries scrolling by, leave no room for a bar. */
  #drawsProgress(): boolean {
    const { read, output } = this.#options;
    if (read === undefined) return false;
    return output !== 'jsonl' || this.#context.stdout.isTTY !== true;
  }

  #ready(url: string): void {
    const { environment, stdout } = this.#context;
    const limit = formatSize(this.#options.maxEntriesDbSize);
    this.#people.write(
      `Mizu will store up to ${limit} of traffic, old traffic will be cleared once the limit is reached.\n`,
    );
    this.#people.write(`Mizu is available at ${url}\n`);
    if (!this.#options.headless && hasDisplay(environment, stdout.isTTY === true)) {
      this.#context.openBrowser(url);
    }
  }

  #finish(summary: TapSummary): ExitCode {
    const { stderr } = this.#context;
    if (this.#options.summary === 'json') stderr.write(`${JSON.stringify(summary)}\n`);
    if (this.#options.summary === 'text') stderr.write(summaryText(summary));
    stderr.write(damageText(summary));
    return summary.damage.length > 0 ? ExitCode.Damaged : ExitCode.Ok;
  }
}
