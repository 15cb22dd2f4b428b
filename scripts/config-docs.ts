/** Writes `docs/configuration.md` from the declaration of the configuration. */
import { writeFileSync } from 'node:fs';
import type { Branches, Group, Setting } from '../src/config/declare.ts';
import { environmentName, optionName, schema } from '../src/config/schema.ts';
import { expectation, formatted, range } from '../src/config/values.ts';

export const pagePath = new URL('../docs/configuration.md', import.meta.url);

const introduction = `# Configuration

<!-- Made by scripts/config-docs.ts from src/config/; edit those. -->

Nothing has to be configured. What can be is below: each setting has a path (\`tap.gui-port\`), which is its place in the
file, its name for \`--set\`, and in capitals its environment variable.

\`\`\`sh
mizu config                        # every setting with its default, as a file
mizu config -r                     # writes that file to ~/.mizu/config.yaml
mizu config --effective            # every value in effect, and where it comes from
\`\`\`

## Where values come from

Later wins:

1. the defaults
2. the file, \`~/.mizu/config.yaml\` or what \`--config-path\` (\`MIZU_CONFIG_PATH\`) names
3. the environment: \`MIZU_TAP_GUI_PORT=8898\`; an empty variable counts as not set
4. \`--set tap.gui-port=8898\`
5. flags: \`--gui-port 8898\`

A flag wins over \`--set\` because it is the more particular of the two: \`--set\` often stands in an alias or a script, the
flag is what was typed now. (In the original it depended on the alphabet.)

The file is YAML. When it is missing Mizu goes on without, unless it was named. \`mizu config -r\` does not destroy a file
that is there: it is kept beside the new one as \`config.yaml.bak\`.

\`\`\`yaml
tap:
  namespaces: [shop, payments]
  max-entries-db-size: 1GB
tapper:
  node-selector:
    kubernetes.io/os: linux
image:
  registry: registry.example:5000
  pull-secrets: [registry-login]
\`\`\`

\`\`\`sh
mizu tap --set image.registry=registry.example:5000 --set image.pull-secrets=registry-login
mizu tap --set tap.namespaces=shop,payments                     # a list; or --set twice
mizu tap --set labels.team=shop                                 # one name of a map, the others stay
mizu tap --set tapper.node-selector.kubernetes.io/os=linux      # names may have dots
mizu tap --set 'tapper.affinity={nodeAffinity: {...}}'          # free YAML
mizu tap --set api-server.security-context.runAsUser=1000       # one field of it
\`\`\`

## How values are written

| Type | In the file | \`--set\` and environment |
| --- | --- | --- |
| text | \`regex: cart\` | \`cart\` |
| number | \`gui-port: 8898\` | \`8898\` |
| boolean | \`true\`, \`false\` | also \`1\`, \`0\`, \`yes\`, \`no\`, \`on\`, \`off\` |
| size | \`200MB\`, \`1MiB\`; a number is bytes | the same |
| duration | \`30s\`, \`5m\`, \`1h\`, \`500ms\`; a number is seconds | the same |
| choice | one of the words, in any case | the same |
| list | \`[a, b]\`; one text is a list of one | \`a,b\`, or \`[a, b]\` |
| map | \`{a: b}\` | \`a=b,c=d\`, or \`{a: b}\` |
| object, objects | the YAML that Kubernetes takes | the same on one line: \`{a: b}\` |

A file, a variable or a \`--set\` replaces a list or map of the layers below as a whole; only \`--set\` of one name
(\`labels.team=shop\`) adds to it.

## What Mizu says

* A value that cannot be read, broken YAML and a \`--set\` of a setting that does not exist end the command, before it
  does anything, with exit code 2.
* A setting in the file, or a variable \`MIZU_...\`, that does not exist is named with its line and what may be meant;
  Mizu goes on without it.
* A setting of the [original](#settings-of-the-original-that-do-nothing) that does nothing any more, and one that does
  nothing yet, are named as well. Nothing is ignored in silence.

Secrets (marked below) are never printed, neither by \`mizu config --effective\` nor in messages.
`;

const past = `## Settings of the original that do nothing

Accepted, so that files and scripts from 2022 keep working. Mizu says in a line that they do nothing; they can be
removed.
`;

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function defaultCell(setting: Setting): string {
  if (setting.shown !== undefined) return cell(setting.shown);
  if (setting.default === undefined) return '';
  const value = formatted(setting, setting.default);
  return value === '' || value === '{}' || value === '[]' ? '' : code(value);
}

function optionCell(path: string, setting: Setting): string {
  const option = optionName({ path, setting });
  const { flag } = setting;
  if (option === undefined || flag === undefined) return '';
  const names = [option, ...(flag.short === undefined ? [] : [`-${flag.short}`])];
  if (flag.negated === 'both') names.push(option.replace('--', '--no-'));
  return `${names.map(code).join(', ')} (${flag.commands.join(', ')})`;
}

function helpCell(setting: Setting): string {
  const notes = [setting.help];
  if (setting.kind === 'choice' || setting.pattern !== undefined) notes.push(expectation(setting));
  else if (range(setting) !== '') notes.push(range(setting));
  if (setting.environment !== undefined) {
    notes.push(`also ${setting.environment.map(code).join(', ')}`);
  }
  if (setting.secret === true) notes.push('**secret**');
  if (setting.status === 'coming') notes.push('**not built yet**');
  return cell(notes.join('; '));
}

type Walked = readonly [path: string, setting: Setting];

function* walk(branches: Branches, before: string): Generator<Walked> {
  for (const [name, node] of Object.entries(branches)) {
    if (node.node === 'group') yield* walk(node.children, `${before}${name}.`);
    else yield [`${before}${name}`, node];
  }
}

function table(walked: Iterable<Walked>): string {
  const rows = [...walked]
    .filter(([, { status }]) => status !== 'dead')
    .map(([path, setting]) => {
      const cells = [code(path), setting.kind, defaultCell(setting), optionCell(path, setting)];
      return `| ${[...cells, helpCell(setting)].join(' | ')} |`;
    });
  if (rows.length === 0) return '';
  return [
    '| Setting | Type | Default | Option | What |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ]
    .join('\n')
    .concat('\n');
}

function section(name: string, group: Group): string {
  const rows = table(walk(group.children, `${name}.`));
  return rows === '' ? '' : `### \`${name}\`\n\n${group.help}\n\n${rows}`;
}

function pastTable(): string {
  const rows = [...walk(schema, '')]
    .filter(([, { status }]) => status === 'dead')
    .map(([path, { help }]) => `| ${code(path)} | ${cell(help)} |`);
  return ['| Setting | Why |', '| --- | --- |', ...rows].join('\n').concat('\n');
}

/** The page's text. */
export function configurationPage(): string {
  const nodes = Object.entries(schema) as [string, Setting | Group][];
  const top = nodes.flatMap(([name, node]): Walked[] =>
    node.node === 'setting' ? [[name, node]] : [],
  );
  const example = environmentName('tap.gui-port');
  const parts = [
    introduction,
    `## All settings\n\nThe environment variable of each follows from its path: \`tap.gui-port\` is \`${example}\`.\n`,
    `### General, and all objects in the cluster\n\n${table(top)}`,
    ...nodes.map(([name, node]) => (node.node === 'group' ? section(name, node) : '')),
    past,
    pastTable(),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

if (import.meta.main) writeFileSync(pagePath, configurationPage());
