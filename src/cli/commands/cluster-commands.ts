/** The commands for a cluster besides `tap`: what they are called and say of themselves. */
import type { Command } from 'commander';
import { addConfigOptions, type CommandName, type LoadedConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';
import { readConfig } from '../read-config.ts';

interface ClusterCommand {
  readonly name: CommandName;
  readonly description: string;
  readonly examples: string;
  /** Loaded when it runs: the Kubernetes client takes longer to load than all the rest. */
  readonly load: () => Promise<(context: CliContext, loaded: LoadedConfig) => Promise<ExitCode>>;
}

const commands: readonly ClusterCommand[] = [
  {
    name: 'install',
    description: 'install Mizu in a cluster for good, or bring it up to date',
    examples: `
Examples:
  mizu install -n shop -n payments                    tap these namespaces from now on
  mizu install -A --max-entries-db-size 5GB           all of them; run again to change what is there
  mizu install -o yaml | kubectl apply -f -           the objects, for those who keep them in files
`,
    load: async () => (await import('../cluster/install.ts')).runInstall,
  },
  {
    name: 'view',
    description: 'open the page of a Mizu that runs in a cluster',
    examples: `
Examples:
  mizu view -p 8898                                   on another port
  mizu view --token                                   print the token that the page asks for
`,
    load: async () => (await import('../cluster/view.ts')).runView,
  },
  {
    name: 'clean',
    description: 'remove everything of Mizu from a cluster',
    examples: `
Examples:
  mizu clean
  mizu clean --mizu-resources-namespace mine
`,
    load: async () => (await import('../cluster/clean.ts')).runClean,
  },
  {
    name: 'logs',
    description: 'collect the logs of Mizu in a cluster in a zip file',
    examples: `
Examples:
  mizu logs -f logs.zip
`,
    load: async () => (await import('../cluster/log-dump.ts')).runLogs,
  },
  {
    name: 'check',
    description: 'check the cluster, the rights in it, and the Mizu that runs there',
    examples: `
Examples:
  mizu check                                          a running Mizu
  mizu check --pre-tap                                whether mizu tap would work
  mizu check --image-pull                             whether nodes can pull the image
`,
    load: async () => (await import('../cluster/check.ts')).runCheck,
  },
];

export function addClusterCommands(program: Command, context: CliContext): void {
  for (const { name, description, examples, load } of commands) {
    const command = program.command(name).description(description);
    const given = addConfigOptions(command, name);
    command.addHelpText('after', examples).action(async () => {
      const loaded = await readConfig(context, name, given());
      const run = await load();
      const exitCode = await run(context, loaded);
      if (exitCode !== ExitCode.Ok) throw new UserError('', exitCode);
    });
  }
}
